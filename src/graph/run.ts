/** @file The one door to onnxruntime: load a model, run it on plain tensors, release it. */

import ort from "onnxruntime-node";
import { messageOf } from "../base/errors.ts";
import { switchTelemetryOff } from "../base/telemetry.ts";
import type { ElementType, TensorData } from "../onnx/types.ts";
import { graphInput, graphLoad, graphReleased, graphRun } from "./errors.ts";
import { isStopped, stopper } from "./in-place.ts";

// The library itself starts with the first session.
switchTelemetryOff();

type NumberData = Exclude<TensorData, string[]>;

/** A dense tensor. bool is kept as 0 and 1, float16 as its bits; strings are an array of them. */
export interface PlainTensor {
  type: ElementType;
  shape: readonly number[];
  data: NumberData | readonly string[];
}

export interface Port {
  name: string;
  type: ElementType;
  /** -1 is variable. */
  shape: readonly number[];
}

export interface SessionOptions {
  /** What messages call it: a file, or a model's name. */
  name: string;
  /** Threads inside one operator. Default 1: whoever wants more cores runs more sessions. */
  threads?: number;
  /** Keeps freed memory for the next run. Default true; without it runs are slower and the process smaller. */
  arena?: boolean;
  /** `"none"` runs the graph as it is written: for tests. Default `"all"`. */
  optimization?: "none" | "all";
}

export interface Session {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Runs once. Blocks the calling thread while it computes, so heavy work belongs in a worker. */
  run(feeds: Readonly<Record<string, PlainTensor>>): Promise<Record<string, PlainTensor>>;
  /**
   * Fixes the tensors of every run to come: inputs are read from their arrays, results written into theirs, nothing is allocated.
   * Inputs and results must not share memory: onnxruntime would overwrite what it still reads, without an error, so the first
   * run is refused then. Outputs not named are not computed. A model made by `leaveInPlace` costs no copy of its results.
   */
  bind(
    feeds: Readonly<Record<string, PlainTensor>>,
    results: Readonly<Record<string, PlainTensor>>,
  ): () => Promise<void>;
  /** The session cannot run afterwards. Twice is harmless. */
  release(): Promise<void>;
}

/** `model` is the bytes of an ONNX file, or a path (which keeps the file's bytes out of this process's heap). */
export async function createSession(model: Uint8Array | string, options: SessionOptions): Promise<Session> {
  const { name } = options;
  const native = await load(model, options);
  const inputs = native.inputMetadata.map((port) => toPort(name, port));
  const outputs = native.outputMetadata.filter((port) => port.name !== stopper).map((port) => toPort(name, port));
  const inPlace = native.outputNames.includes(stopper);
  let released = false;
  const run = async (feeds: ort.InferenceSession.FeedsType, fetches: ort.InferenceSession.FetchesType) => {
    if (released) throw graphReleased({ model: name });
    try {
      return await native.run(feeds, fetches);
    } catch (error) {
      // The results are in place; only the copies were not made.
      if (inPlace && isStopped(error)) return {};
      throw graphRun({ model: name, reason: messageOf(error) }, { cause: error });
    }
  };
  return {
    name,
    inputs,
    outputs,
    async run(feeds) {
      const results = await run(
        toNativeFeeds(name, inputs, feeds),
        outputs.map((port) => port.name),
      );
      return Object.fromEntries(Object.entries(results).map(([key, value]) => [key, fromNative(value)]));
    },
    bind(feeds, results) {
      const nativeFeeds = toNativeFeeds(name, inputs, feeds);
      const wanted = outputs.filter((port) => port.name in results);
      const fetches = { ...(inPlace && { [stopper]: null }), ...toNativeFeeds(name, wanted, results) };
      let checked = false;
      return async () => {
        if (!checked) refuseSharedMemory(name, feeds, results);
        checked = true;
        await run(nativeFeeds, fetches);
      };
    },
    async release() {
      if (released) return;
      released = true;
      await native.release();
    },
  };
}

async function load(model: Uint8Array | string, options: SessionOptions): Promise<ort.InferenceSession> {
  const settings: ort.InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    enableCpuMemArena: options.arena ?? true,
    graphOptimizationLevel: options.optimization === "none" ? "disabled" : "all",
    // Failures are thrown; the runtime's own log would only repeat them on stderr.
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
  try {
    return typeof model === "string"
      ? await ort.InferenceSession.create(model, settings)
      : await ort.InferenceSession.create(model, settings);
  } catch (error) {
    throw graphLoad({ model: options.name, reason: messageOf(error) }, { cause: error });
  }
}

function toPort(model: string, port: ort.InferenceSession.ValueMetadata): Port {
  if (!port.isTensor) throw graphLoad({ model, reason: `${port.name} is no tensor` });
  return { name: port.name, type: port.type, shape: port.shape.map((size) => (typeof size === "number" ? size : -1)) };
}

function toNativeFeeds(
  model: string,
  ports: readonly Port[],
  feeds: Readonly<Record<string, PlainTensor>>,
): Record<string, ort.Tensor> {
  for (const name of Object.keys(feeds)) {
    if (ports.some((port) => port.name === name)) continue;
    throw graphInput({
      model,
      input: name,
      seen: "given",
      wanted: `one of ${ports.map((port) => port.name).join(", ")}`,
    });
  }
  return Object.fromEntries(ports.map((port) => [port.name, toNative(model, port, feeds[port.name])]));
}

function toNative(model: string, port: Port, tensor: PlainTensor | undefined): ort.Tensor {
  const wanted = `${port.type} [${port.shape.join(", ")}]`;
  const refused = (seen: string): Error => graphInput({ model, input: port.name, seen, wanted });
  if (tensor === undefined) throw refused("missing");
  const { type, shape, data } = tensor;
  const fits =
    shape.length === port.shape.length && port.shape.every((size, axis) => size === -1 || size === shape[axis]);
  if (type !== port.type || !fits) throw refused(`${type} [${shape.join(", ")}]`);
  const count = shape.reduce((all, size) => all * size, 1);
  if (data.length !== count) throw refused(`${data.length} values for [${shape.join(", ")}]`);
  const native = new ort.Tensor(type as ort.Tensor.Type, data, shape);
  // On Node 24 the tensor holds a Float16Array, which onnxruntime-node 1.30 takes for empty: hand it the bits themselves.
  if (type === "float16") Object.defineProperty(native, "data", { value: data });
  return native;
}

function refuseSharedMemory(
  model: string,
  feeds: Readonly<Record<string, PlainTensor>>,
  results: Readonly<Record<string, PlainTensor>>,
): void {
  for (const [input, { data: read }] of Object.entries(feeds)) {
    const output = Object.keys(results).find((name) => overlap(read, results[name]?.data ?? []));
    if (output !== undefined)
      throw graphInput({ model, input, seen: `in the memory of ${output}`, wanted: "memory of its own" });
  }
}

function overlap(a: PlainTensor["data"], b: PlainTensor["data"]): boolean {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.buffer !== b.buffer) return false;
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

function fromNative(tensor: ort.Tensor): PlainTensor {
  const { type, dims: shape } = tensor;
  if (type === "float16") {
    const { buffer, byteOffset, length } = tensor.data as Uint16Array;
    return { type, shape, data: new Uint16Array(buffer, byteOffset, length) };
  }
  return { type, shape, data: tensor.data };
}
