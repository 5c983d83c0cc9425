/** @file The fast training step: convolutions in WASM and by matrix products, the rest as one ONNX graph, all on one memory and one thread. */

import { loadKernels } from "../../kernels/load.ts";
import { product } from "../../graph/build.ts";
import { createInitialStatistics } from "../../model/initial.ts";
import type { Step, StepOptions } from "../step.ts";
import { allocate, type Arena, createArena } from "./arena.ts";
import { createHead } from "./head.ts";
import { createNorm } from "./norm.ts";
import { layOutParameters, loadParameters, type ParameterLayout, saveParameters } from "./parameters.ts";
import { createPatches } from "./patches.ts";
import { createActivation, createDropout, createPool, createPool2, createTranspose } from "./pixelwise.ts";
import { type FastPlan, planFastStep, type SegmentPlan, toImage } from "./plan.ts";
import type { Activation, Machine, Running, Segment } from "./segment.ts";
import { createWinograd } from "./winograd.ts";

/** Left to the kernels' module. */
const firstByte = 65_536;

/**
 * A step that gives the plain graph's gradients, faster. Undefined where the network has no convolution, or needs more memory
 * than WASM can address or the machine give. Refuses layers that do not fit together; see `planNetwork`.
 */
export async function createFastStep(options: StepOptions): Promise<Step | undefined> {
  const plan = planFastStep(options);
  if (plan === undefined) return undefined;
  const { rows, input } = options;
  const layout = layOutParameters(plan);
  const arena = createArena(firstByte);
  const places = {
    parameters: arena.reserve(layout.floats),
    gradients: arena.reserve(layout.floats),
    scratch: arena.reserve(options.scratch),
    random: arena.reserve(16),
    input: arena.reserve(rows * input.channels * input.height * input.width),
  };
  const statistics = createInitialStatistics(plan.network);
  const targets = new BigInt64Array(rows);
  const world: World = {
    plan,
    layout,
    arena,
    rows,
    places,
    statistic: (name) => viewStatistic(plan, statistics, name),
  };
  const segments = createSegments(world);
  const last = segments.at(-1)?.output;
  if (last === undefined) return undefined;
  const head = createHead(
    plan,
    last,
    options,
    { parameter: (name) => placeOf(world, name), statistic: world.statistic, targets },
    arena,
  );
  const scratch = arena.reserve(Math.max(0, ...segments.map(({ scratchFloats }) => scratchFloats)));
  const memory = allocate(arena);
  if (memory === undefined) return undefined;
  const machine: Machine = { rows, memory, kernels: await loadKernels(memory), random: places.random, scratch };
  const running: Running[] = [];
  for (const segment of segments) running.push(await segment.prepare(machine));
  const end = await head.prepare(machine);
  const view = (offset: number, floats: number): Float32Array => new Float32Array(memory.buffer, offset, floats);
  const parameters = view(places.parameters, layout.floats);
  return {
    rows,
    parameters,
    gradients: view(places.gradients, layout.floats),
    scratch: view(places.scratch, options.scratch),
    memory,
    statistics,
    input: view(places.input, rows * input.channels * input.height * input.width),
    targets,
    async run(pass) {
      for (const segment of running) await segment.forward(pass);
      const loss = await end.run(pass);
      for (const segment of running.toReversed()) await segment.backward(pass);
      return loss;
    },
    load: (given) => loadParameters(layout, parameters, given),
    save: () => saveParameters(layout, parameters),
    async release() {
      for (const segment of running) await segment.release();
      await end.release();
    },
  };
}

interface World {
  plan: FastPlan;
  layout: ParameterLayout;
  arena: Arena;
  rows: number;
  places: { parameters: number; gradients: number; input: number };
  statistic: (name: string) => Float32Array;
}

function createSegments(world: World): Segment[] {
  const { plan, rows, arena, places } = world;
  const image = toImage(plan.network.input);
  const segments: Segment[] = [];
  let input: Activation = { image, value: places.input, gradient: undefined };
  for (const [index, segment] of plan.segments.entries()) {
    const made = createSegment(segment, input, index, world, { arena, rows });
    segments.push(made);
    input = made.output;
  }
  return segments;
}

function createSegment(
  segment: SegmentPlan,
  input: Activation,
  index: number,
  world: World,
  site: { arena: Arena; rows: number },
): Segment {
  switch (segment.kind) {
    case "winograd": {
      const { name } = segment.convolution;
      const [weights, bias] = [placeOf(world, `${name}.weight`), placeOf(world, `${name}.bias`)];
      const own = {
        weights: weights.value,
        weightsGradient: weights.gradient,
        bias: bias.value,
        biasGradient: bias.gradient,
      };
      return createWinograd(segment, input, own, index, site);
    }
    case "patches": {
      const weights = placeOf(world, `${segment.convolution.name}.weight`);
      return createPatches(segment, input, { weights: weights.value, weightsGradient: weights.gradient }, site);
    }
    case "batchNorm": {
      const { name } = segment.norm;
      const [scale, shift] = [placeOf(world, `${name}.scale`), placeOf(world, `${name}.shift`)];
      const own = {
        scale: scale.value,
        scaleGradient: scale.gradient,
        shift: shift.value,
        shiftGradient: shift.gradient,
        mean: world.statistic(`${name}.mean`),
        variance: world.statistic(`${name}.variance`),
      };
      return createNorm(segment, input, own, site);
    }
    case "pool2":
      return createPool2(segment, input, index, site);
    case "maxPool":
    case "averagePool":
      return createPool(segment, input, site);
    case "dropout":
      return createDropout(segment, input, index, site);
    case "activation":
      return createActivation(segment, input, site);
    default:
      return createTranspose(segment, input, site);
  }
}

function placeOf({ layout, places }: World, name: string): { value: number; gradient: number } {
  const offset = layout.offsetOf(name) * 4;
  return { value: places.parameters + offset, gradient: places.gradients + offset };
}

/** Statistics lie one after the other in the plan's order. */
function viewStatistic({ network }: FastPlan, statistics: Float32Array, name: string): Float32Array {
  let start = 0;
  for (const statistic of network.statistics) {
    const size = product(statistic.shape);
    if (statistic.name === name) return statistics.subarray(start, start + size);
    start += size;
  }
  return new Float32Array();
}
