/** @file A training step on the plain ONNX graph, for every layer and loss: forward and backward are one run of one session. */

import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { product } from "../graph/build.ts";
import { leaveInPlace } from "../graph/in-place.ts";
import { createSession, type PlainTensor } from "../graph/run.ts";
import { networkTooLarge } from "../model/errors.ts";
import { createInitialStatistics } from "../model/initial.ts";
import { type NetworkPlan, type ParameterShape, planNetwork } from "../model/network.ts";
import { findParameter } from "../model/parameters.ts";
import { buildTrainingGraph } from "../model/training-graph.ts";
import { writeModel } from "../onnx/write.ts";
import type { NamedParameter, Step, StepOptions } from "./step.ts";

/** One thread computes. Refuses layers that do not fit together; see `planNetwork`. */
export async function createGraphStep(options: StepOptions): Promise<Step> {
  const plan = planNetwork(options);
  const arrays = allocate(plan, options);
  const training = await openRun(plan, options, arrays, true);
  // A run without dropout and batch norm's own statistics is another graph; most trainings never ask for it.
  let evaluation: Promise<StepRun> | undefined;
  return {
    rows: options.rows,
    memory: arrays.memory,
    parameters: arrays.parameters,
    gradients: arrays.gradients,
    scratch: arrays.scratch,
    statistics: arrays.statistics,
    input: arrays.input,
    targets: arrays.targets,
    ...(arrays.offsets !== undefined && { offsets: arrays.offsets, scale: arrays.scale! }),
    async run({ seed, train }) {
      if (train || !training.trainsOtherwise) return training.run(seed);
      evaluation ??= openRun(plan, options, arrays, false);
      return (await evaluation).run(seed);
    },
    load(parameters) {
      for (const view of viewsOf(plan.parameters, arrays.parameters))
        view.data.set(findParameter(view, parameters).data);
    },
    save: () => viewsOf(plan.parameters, arrays.parameters).map((view) => ({ ...view, data: view.data.slice() })),
    async release() {
      await training.release();
      await (await evaluation)?.release();
    },
  };
}

type Arrays = Required<
  Pick<Step, "memory" | "parameters" | "gradients" | "scratch" | "statistics" | "input" | "targets">
> &
  Pick<Step, "offsets" | "scale">;

/** WASM memory starts with a page of 64 KiB for the kernels that import it. */
const page = 65_536;
/** 4 GiB, all that 32-bit addresses reach. */
const mostPages = 65_536;

function allocate(plan: NetworkPlan, { rows, scratch, input }: StepOptions): Arrays {
  const floats = plan.parameters.reduce((all, { shape }) => all + padded(product(shape)), 0);
  const room = padded(scratch);
  const pages = 1 + Math.ceil((4 * (2 * floats + room)) / page);
  if (pages > mostPages) throw networkTooLarge({ megabytes: Math.ceil(pages / 16) });
  const memory = new WebAssembly.Memory({ initial: pages });
  const places = plan.head === undefined ? 1 : plan.head.anchors.length / 4;
  return {
    memory,
    parameters: new Float32Array(memory.buffer, page, floats),
    gradients: new Float32Array(memory.buffer, page + 4 * floats, floats),
    scratch: new Float32Array(memory.buffer, page + 8 * floats, scratch),
    statistics: createInitialStatistics(plan),
    input: new Float32Array(rows * input.channels * input.height * input.width),
    targets: new BigInt64Array(rows * places),
    ...(plan.head !== undefined && { offsets: new Float32Array(rows * places * 4), scale: new Float32Array(1) }),
  };
}

/** To 64 bytes, as SIMD kernels like it. */
function padded(floats: number): number {
  return Math.ceil(floats / 16) * 16;
}

/** Each parameter's part of a flat array, all starting at multiples of 64 bytes. */
function viewsOf(shapes: readonly ParameterShape[], flat: Float32Array): NamedParameter[] {
  let offset = 0;
  return shapes.map(({ name, shape }) => {
    const data = flat.subarray(offset, offset + product(shape));
    offset += padded(data.length);
    return { name, shape, data };
  });
}

interface StepRun {
  /** Whether the graph does in training what it does not do in serving. */
  trainsOtherwise: boolean;
  run(seed: number): Promise<number>;
  release(): Promise<void>;
}

async function openRun(plan: NetworkPlan, options: StepOptions, arrays: Arrays, train: boolean): Promise<StepRun> {
  const { loss, rows, batch } = options;
  const graph = buildTrainingGraph(plan, { loss, rows, batch, train });
  const session = await createSession(writeModel(leaveInPlace(graph.model)), { name: "the training graph" });
  const masks = [...graph.masks].map(
    ([name, shape]) => ({ name, type: "uint8", shape, data: new Uint8Array(padded(product(shape))) }) as const,
  );
  const lossValue = new Float32Array(1);
  // onnxruntime must not write where it reads: new statistics come into an array of their own.
  const renewed = new Float32Array(graph.updatesStatistics ? arrays.statistics.length : 0);
  const { channels, height, width } = options.input;
  const feeds: Record<string, PlainTensor> = {
    image: { type: "float32", shape: [rows, channels, height, width], data: arrays.input },
    ...targetsOf(rows, arrays),
    ...tensorsOf("", viewsOf(plan.parameters, arrays.parameters)),
    ...tensorsOf("", statisticsOf(plan, arrays.statistics)),
    ...Object.fromEntries(
      masks.map(({ name, type, shape, data }) => [name, { type, shape, data: data.subarray(0, product(shape)) }]),
    ),
  };
  const runGraph = session.bind(feeds, {
    loss: { type: "float32", shape: [], data: lossValue },
    ...tensorsOf("gradient.", viewsOf(plan.parameters, arrays.gradients)),
    ...(graph.updatesStatistics && tensorsOf("new.", statisticsOf(plan, renewed))),
  });
  return {
    trainsOtherwise: masks.length > 0 || graph.updatesStatistics,
    async run(seed) {
      drawBytes(
        seed,
        masks.map(({ data }) => data),
      );
      await runGraph();
      if (graph.updatesStatistics) arrays.statistics.set(renewed);
      return lossValue[0] ?? Number.NaN;
    },
    release: () => session.release(),
  };
}

function targetsOf(rows: number, { targets, offsets, scale }: Arrays): Record<string, PlainTensor> {
  if (offsets === undefined || scale === undefined) return { targets: { type: "int64", shape: [rows], data: targets } };
  const places = targets.length / rows;
  return {
    targets: { type: "int64", shape: [rows, places], data: targets },
    offsets: { type: "float32", shape: [rows, places, 4], data: offsets },
    scale: { type: "float32", shape: [], data: scale },
  };
}

function tensorsOf(prefix: string, values: readonly NamedParameter[]): Record<string, PlainTensor> {
  return Object.fromEntries(values.map(({ name, shape, data }) => [prefix + name, { type: "float32", shape, data }]));
}

/** Statistics lie one behind the other without padding: the layout of `createInitialStatistics`. */
function statisticsOf(plan: NetworkPlan, flat: Float32Array): NamedParameter[] {
  let offset = 0;
  return plan.statistics.map(({ name, shape }) => {
    const data = flat.subarray(offset, offset + product(shape));
    offset += data.length;
    return { name, shape, data };
  });
}

/** Four bytes from each number drawn. The same seed gives the same masks. */
function drawBytes(seed: number, masks: readonly Uint8Array[]): void {
  const random = xoroshiro128plus(seed);
  for (const mask of masks) {
    const words = new Int32Array(mask.buffer);
    for (let i = 0; i < words.length; i++) words[i] = random.next();
  }
}
