/** @file The last part of the fast step as an ONNX graph: fully connected layers, loss, and all of their gradients in one run. */

import { apply, createTape, differentiate } from "../../graph/autodiff.ts";
import {
  addInput,
  addOutput,
  at,
  createGraph,
  product,
  scalar,
  sizesOf,
  toModel,
  type Value,
} from "../../graph/build.ts";
import * as ops from "../../graph/ops/index.ts";
import { leaveInPlace } from "../../graph/in-place.ts";
import { createSession, type PlainTensor, type Session } from "../../graph/run.ts";
import { addForward } from "../../model/forward.ts";
import { writeModel } from "../../onnx/write.ts";
import type { StepOptions } from "../step.ts";
import type { Arena } from "./arena.ts";
import type { FastPlan } from "./plan.ts";
import { type Activation, type Machine, type Pass, seedRandom, viewFloats } from "./segment.ts";

export interface HeadPlaces {
  /** Byte offsets of a parameter and its gradient. */
  parameter: (name: string) => { value: number; gradient: number };
  /** Running statistics by name: views that live as long as the step. */
  statistic: (name: string) => Float32Array;
  targets: BigInt64Array;
}

export interface Head {
  prepare(machine: Machine): Promise<{
    /** Leaves the gradient of its input and of its parameters; gives the loss. */
    run(pass: Pass): Promise<number>;
    release(): Promise<void>;
  }>;
}

export function createHead(
  { head, network }: FastPlan,
  input: Activation,
  options: Pick<StepOptions, "rows" | "batch" | "loss">,
  places: HeadPlaces,
  arena: Arena,
): Head {
  const { rows } = options;
  const { channels, padded, height, width } = head.input;
  const inPlanes = head.order === "planes";
  const planes = inPlanes
    ? {
        value: arena.reserve(rows * channels * height * width),
        gradient: arena.reserve(rows * channels * height * width),
      }
    : undefined;
  const source = { value: planes?.value ?? input.value, gradient: planes?.gradient ?? input.gradient };
  const shape = inPlanes ? [rows, channels, height, width] : [rows, height * width * padded];

  /** The graph of a run with or without dropout and the batch's own statistics. */
  function build(train: boolean) {
    const graph = createGraph("head");
    const tape = createTape(graph, { training: true });
    const x = addInput(graph, "x", "float32", shape);
    const parameters = new Map<string, Value>();
    const statistics = new Map<string, Value>();
    const masks: { name: string; shape: number[]; layer: string }[] = [];
    for (const planned of head.layers) {
      for (const parameter of planned.parameters) {
        const own = ownShape(parameter.name, parameter.shape);
        parameters.set(parameter.name, addInput(graph, parameter.name, "float32", own));
      }
      for (const { name, shape: size } of planned.statistics)
        statistics.set(name, addInput(graph, name, "float32", size));
    }
    const forward = addForward(tape, { ...network, layers: head.layers }, x, {
      lookUp: (name) => (parameters.get(name) ?? statistics.get(name)) as Value,
      ...(train && {
        addMask: (layer, spec) => {
          const name = `${layer}.random`;
          masks.push({ name, shape: sizesOf("dropout", spec), layer });
          return addInput(graph, name, "uint8", spec.shape);
        },
      }),
    });
    const targets = addInput(graph, "targets", "int64", [rows]);
    const settings = { rows: options.batch };
    const loss =
      options.loss.kind === "crossEntropy"
        ? apply(tape, ops.softmaxCrossEntropy, [forward.logits, targets], settings)
        : apply(tape, ops.meanSquaredError, [...apply(tape, ops.softmax, [forward.logits], null), targets], settings);
    const by = [...(source.gradient === undefined ? [] : [x]), ...parameters.values()];
    const gradients = differentiate(tape, at(loss, 0), scalar(graph, 1), by);
    addOutput(graph, "loss", at(loss, 0));
    for (const [index, value] of by.entries()) addOutput(graph, `${value.name}.gradient`, at(gradients, index));
    for (const [name, value] of forward.statistics) addOutput(graph, `${name}.new`, value);
    return { model: writeModel(leaveInPlace(toModel(graph))), masks, renewed: [...forward.statistics.keys()] };
  }

  function ownShape(name: string, plain: readonly number[]): readonly number[] {
    const first = head.layers.find(({ layer }) => layer.kind === "dense");
    if (inPlanes || first?.parameters[0]?.name !== name) return plain;
    return [plain[0] ?? 0, height * width * padded];
  }

  const drops = head.layers.filter(({ layer }) => layer.kind === "dropout");
  const bytes = new Map(drops.map(({ name, input: size }) => [name, arena.reserve((rows * ownCount(size)) / 4 + 4)]));

  /** Values of a row as they lie here: padded channels included before the first dense layer. */
  function ownCount(size: readonly number[]): number {
    return Math.max(product(size), height * width * padded);
  }

  return {
    async prepare(machine) {
      const { kernels, random } = machine;
      const float = (offset: number, size: readonly number[]): PlainTensor => ({
        type: "float32",
        shape: size,
        data: viewFloats(machine, offset, product(size)),
      });
      const loss = new Float32Array(1);

      async function open(train: boolean) {
        const { model, masks, renewed } = build(train);
        const session = await createSession(model, { name: "training head" });
        const feeds: Record<string, PlainTensor> = {
          x: float(source.value, shape),
          targets: { type: "int64", shape: [rows], data: places.targets },
        };
        const results: Record<string, PlainTensor> = { loss: { type: "float32", shape: [], data: loss } };
        if (source.gradient !== undefined) results["x.gradient"] = float(source.gradient, shape);
        for (const { parameters, statistics } of head.layers) {
          for (const { name, shape: plain } of parameters) {
            const place = places.parameter(name);
            feeds[name] = float(place.value, ownShape(name, plain));
            results[`${name}.gradient`] = float(place.gradient, ownShape(name, plain));
          }
          for (const { name, shape: size } of statistics)
            feeds[name] = { type: "float32", shape: size, data: places.statistic(name) };
        }
        const renewals = renewed.map((name) => ({
          now: places.statistic(name),
          next: new Float32Array(places.statistic(name).length),
          name,
        }));
        for (const { name, next } of renewals)
          results[`${name}.new`] = { type: "float32", shape: [next.length], data: next };
        for (const mask of masks) {
          const data = new Uint8Array(machine.memory.buffer, bytes.get(mask.layer) ?? 0, product(mask.shape));
          feeds[mask.name] = { type: "uint8", shape: mask.shape, data };
        }
        const run = session.bind(feeds, results);
        return {
          session,
          async run(seed: number) {
            for (const mask of masks) {
              seedRandom(machine, seed, 1000 + drops.findIndex(({ name }) => name === mask.layer));
              kernels.randomBytes(random, bytes.get(mask.layer) ?? 0, product(mask.shape));
            }
            await run();
            for (const { now, next } of renewals) now.set(next);
          },
        };
      }

      const differs = head.layers.some(({ layer }) => layer.kind === "dropout" || layer.kind === "batchNorm");
      const training = await open(true);
      // Opened when first asked for: most runs never need it.
      let serving: ReturnType<typeof open> | undefined;
      const size = [rows, channels, padded, height * width] as const;
      return {
        async run({ seed, train }) {
          if (planes !== undefined) kernels.pixelsToPlanes(input.value, planes.value, ...size);
          await (train || !differs ? training : await (serving ??= open(false))).run(seed);
          if (planes !== undefined && input.gradient !== undefined)
            kernels.planesToPixels(planes.gradient, input.gradient, ...size);
          return loss[0] ?? Number.NaN;
        },
        async release() {
          const sessions: Session[] = [training.session];
          if (serving !== undefined) sessions.push((await serving).session);
          for (const session of sessions) await session.release();
        },
      };
    },
  };
}
