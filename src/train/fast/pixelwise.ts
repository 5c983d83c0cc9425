/** @file The segments without weights: pools, dropout, activations, and the change from planes to pixels. */

import { createTape, apply, differentiate } from "../../graph/autodiff.ts";
import { addInput, addOutput, at, constant, createGraph, toModel } from "../../graph/build.ts";
import * as ops from "../../graph/ops/index.ts";
import { leaveInPlace } from "../../graph/in-place.ts";
import { createSession } from "../../graph/run.ts";
import { writeModel } from "../../onnx/write.ts";
import type { Arena } from "./arena.ts";
import type { Image, SegmentPlan } from "./plan.ts";
import { type Activation, dropoutArguments, floatsOf, seedRandom, type Segment, viewFloats } from "./segment.ts";

type PlanOf<K extends SegmentPlan["kind"]> = Extract<SegmentPlan, { kind: K }>;

interface Site {
  arena: Arena;
  rows: number;
}

/** 2×2 max pool with what belongs to it. */
export function createPool2(plan: PlanOf<"pool2">, input: Activation, index: number, site: Site): Segment {
  const output = reserveOutput(plan.output, site);
  const code = site.arena.reserve(floatsOf(plan.output, site.rows));
  const { rectify, rate } = plan.finish;
  const size = [site.rows, plan.input.padded, plan.input.height, plan.input.width] as const;
  return {
    output,
    scratchFloats: 0,
    async prepare(machine) {
      const { kernels, random } = machine;
      return {
        forward({ seed, train }) {
          seedRandom(machine, seed, index);
          const last = [Number(rectify), random, ...dropoutArguments(rate, train)] as const;
          kernels.pool2(input.value, output.value, code, ...size, ...last);
        },
        backward({ train }) {
          const [, scale] = dropoutArguments(rate, train);
          if (input.gradient !== undefined) kernels.pool2Back(output.gradient, code, input.gradient, ...size, scale);
        },
        async release() {},
      };
    },
  };
}

export function createPool(plan: PlanOf<"maxPool" | "averagePool">, input: Activation, site: Site): Segment {
  const output = reserveOutput(plan.output, site);
  const code = plan.kind === "maxPool" ? site.arena.reserve(floatsOf(plan.output, site.rows)) : 0;
  const inputBytes = floatsOf(plan.input, site.rows) * 4;
  const { padded, height, width } = plan.input;
  const windows = [...plan.size, ...plan.stride, plan.output.height, plan.output.width] as const;
  const size = [site.rows, padded, height, width, ...windows] as const;
  return {
    output,
    scratchFloats: 0,
    async prepare(machine) {
      const { kernels } = machine;
      return {
        forward() {
          if (plan.kind === "maxPool") kernels.maxPool(input.value, output.value, code, ...size, Number(plan.rectify));
          else kernels.averagePool(input.value, output.value, ...size, Number(plan.rectify));
        },
        backward() {
          if (input.gradient === undefined) return;
          new Uint8Array(machine.memory.buffer, input.gradient, inputBytes).fill(0);
          if (plan.kind === "maxPool") {
            const outBytes = plan.output.height * plan.output.width * padded * 4;
            const bytes = [height * width * padded * 4, outBytes] as const;
            kernels.maxPoolBack(output.gradient, code, input.gradient, site.rows, ...bytes);
            return;
          }
          kernels.averagePoolBack(output.gradient, input.gradient, ...size);
          if (plan.rectify) kernels.rectifyBack(input.value, input.gradient, inputBytes);
        },
        async release() {},
      };
    },
  };
}

export function createDropout(plan: PlanOf<"dropout">, input: Activation, index: number, site: Site): Segment {
  const output = reserveOutput(plan.output, site);
  const bytes = floatsOf(plan.output, site.rows) * 4;
  const mask = site.arena.reserve(bytes / 4);
  return {
    output,
    scratchFloats: 0,
    async prepare(machine) {
      const { kernels, random } = machine;
      return {
        forward({ seed, train }) {
          seedRandom(machine, seed, index);
          const last = [Number(plan.rectify), random, ...dropoutArguments(plan.rate, train)] as const;
          kernels.dropout(input.value, output.value, mask, bytes, ...last);
        },
        backward({ train }) {
          const [, scale] = dropoutArguments(plan.rate, train);
          if (input.gradient !== undefined) kernels.dropoutBack(output.gradient, mask, input.gradient, bytes, scale);
        },
        async release() {},
      };
    },
  };
}

/** NCHW to NHWC. Nobody wants the gradient of the network's input. */
export function createTranspose(plan: PlanOf<"transpose">, input: Activation, site: Site): Segment {
  const output = {
    image: plan.output,
    value: site.arena.reserve(floatsOf(plan.output, site.rows)),
    gradient: undefined,
  };
  const { channels, padded, height, width } = plan.output;
  return {
    output,
    scratchFloats: 0,
    prepare: async ({ kernels }) => ({
      forward: () => kernels.planesToPixels(input.value, output.value, site.rows, channels, padded, height * width),
      backward() {},
      async release() {},
    }),
  };
}

/** Functions that WASM has no instruction for: onnxruntime's, forward and backward each a graph of its own. */
export function createActivation(plan: PlanOf<"activation">, input: Activation, site: Site): Segment {
  const output = reserveOutput(plan.output, site);
  const pixels = site.rows * plan.input.height * plan.input.width;
  const { channels, padded } = plan.input;
  return {
    output,
    scratchFloats: 0,
    async prepare(machine) {
      const options = { name: plan.activation };
      const forward = await createSession(buildActivation(plan, [pixels, padded], channels, false), options);
      const back = await createSession(buildActivation(plan, [pixels, padded], channels, true), options);
      const tensor = (offset: number) =>
        ({ type: "float32", shape: [pixels, padded], data: viewFloats(machine, offset, pixels * padded) }) as const;
      const x = tensor(input.value);
      const runForward = forward.bind({ x }, { y: tensor(output.value) });
      const runBack =
        input.gradient === undefined
          ? undefined
          : back.bind({ x, dy: tensor(output.gradient) }, { dx: tensor(input.gradient) });
      return {
        forward: runForward,
        backward: async () => runBack?.(),
        async release() {
          await forward.release();
          await back.release();
        },
      };
    },
  };
}

const functions = { gelu: ops.gelu, sigmoid: ops.sigmoid, tanh: ops.tanh };

function buildActivation(
  plan: PlanOf<"activation">,
  shape: [number, number],
  channels: number,
  back: boolean,
): Uint8Array {
  const graph = createGraph(plan.activation);
  const tape = createTape(graph, { training: back });
  const x = addInput(graph, "x", "float32", shape);
  const rectified = plan.rectify ? at(apply(tape, ops.relu, [x], null), 0) : x;
  let y = at(apply(tape, functions[plan.activation], [rectified], null), 0);
  if (channels < shape[1]) {
    // The padding stays zero, which sigmoid(0) is not.
    const mask = Float32Array.from({ length: shape[1] }, (_, channel) => (channel < channels ? 1 : 0));
    y = at(apply(tape, ops.mul, [y, constant(graph, "float32", [1, shape[1]], mask)], null), 0);
  }
  if (!back) addOutput(graph, "y", y);
  else {
    const dy = addInput(graph, "dy", "float32", shape);
    addOutput(graph, "dx", at(differentiate(tape, y, dy, [x]), 0));
  }
  return writeModel(leaveInPlace(toModel(graph)));
}

function reserveOutput(image: Image, { arena, rows }: Site): Activation & { gradient: number } {
  return { image, value: arena.reserve(floatsOf(image, rows)), gradient: arena.reserve(floatsOf(image, rows)) };
}
