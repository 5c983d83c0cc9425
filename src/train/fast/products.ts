/** @file Matrix products by onnxruntime over the step's memory: no copies, one thread. */

import { addInput, addNode, addOutput, createGraph, int, type Size, toModel, type Value } from "../../graph/build.ts";
import { leaveInPlace } from "../../graph/in-place.ts";
import { createSession } from "../../graph/run.ts";
import { writeModel } from "../../onnx/write.ts";
import { type Machine, viewFloats } from "./segment.ts";

export interface Product {
  /** Names among the shapes: y = a · b, batched over a first axis where there are three. */
  y: string;
  a: string;
  b: string;
  transposeA?: boolean;
  transposeB?: boolean;
}

export interface Products {
  /**
   * Fixes where each matrix lies, by byte offset, and the sizes that the shapes leave open by a name.
   * No result may lie where an input lies.
   */
  bind(places: Readonly<Record<string, number>>, sizes?: Readonly<Record<string, number>>): () => Promise<void>;
  release(): Promise<void>;
}

/** All products run in one call. */
export async function createProducts(
  machine: Machine,
  shapes: Readonly<Record<string, readonly Size[]>>,
  products: readonly Product[],
): Promise<Products> {
  const graph = createGraph("products");
  const results = new Set(products.map(({ y }) => y));
  const inputs = new Map<string, Value>();
  for (const [name, shape] of Object.entries(shapes)) {
    if (!results.has(name)) inputs.set(name, addInput(graph, `in.${name}`, "float32", shape));
  }
  const input = (name: string): Value => inputs.get(name) as Value;
  for (const { y, a, b, transposeA = false, transposeB = false } of products) {
    const spec = { type: "float32", shape: shapes[y] ?? [] } as const;
    const attributes = { transA: int(Number(transposeA)), transB: int(Number(transposeB)) };
    const value = addNode(graph, "FusedMatMul", [input(a), input(b)], spec, { attributes, domain: "com.microsoft" });
    addOutput(graph, `out.${y}`, value);
  }
  const session = await createSession(writeModel(leaveInPlace(toModel(graph))), { name: "matrix products" });
  return {
    bind(places, sizes = {}) {
      const tensor = ([name, open]: [string, readonly Size[]]) => {
        const shape = open.map((size) => (typeof size === "number" ? size : (sizes[size] ?? 0)));
        const count = shape.reduce((all, size) => all * size, 1);
        const data = viewFloats(machine, places[name] ?? 0, count);
        return [`${results.has(name) ? "out" : "in"}.${name}`, { type: "float32", shape, data }] as const;
      };
      const entries = Object.entries(shapes).map(tensor);
      return session.bind(
        Object.fromEntries(entries.filter(([name]) => name.startsWith("in."))),
        Object.fromEntries(entries.filter(([name]) => name.startsWith("out."))),
      );
    },
    release: () => session.release(),
  };
}
