/** @file Reverse-mode differentiation that emits ONNX: the forward nodes are recorded, the backward ones are added behind them. */

import { addNode, type GraphBuilder, type Value } from "./build.ts";
import { graphShape } from "./errors.ts";
import type { Op } from "./ops/op.ts";

interface Step {
  inputs: readonly Value[];
  outputs: readonly Value[];
  backward: (gradient: Value, wanted: readonly boolean[]) => (Value | undefined)[];
}

export interface Tape {
  readonly graph: GraphBuilder;
  /** Without it the forward nodes alone are made, in their cheapest form, and nothing can be differentiated. */
  readonly training: boolean;
  readonly steps: Step[];
}

export function createTape(graph: GraphBuilder, options: { training: boolean }): Tape {
  return { graph, training: options.training, steps: [] };
}

/** Applies an operator and records it. */
export function apply<Settings>(tape: Tape, op: Op<Settings>, inputs: readonly Value[], settings: Settings): Value[] {
  const { graph, training } = tape;
  const { outputs, saved = [] } = op.emit(graph, inputs, settings, training);
  tape.steps.push({
    inputs,
    outputs,
    backward: (gradient, wanted) => op.gradient(graph, { inputs, outputs, saved, settings, gradient, wanted }),
  });
  return outputs;
}

/**
 * Gradients of the recorded steps' result with respect to `by`, given the result's own (`seed`, of its shape).
 * A value that the result does not depend on is refused.
 */
export function differentiate(tape: Tape, result: Value, seed: Value, by: readonly Value[]): Value[] {
  const moving = findDependents(tape, by);
  const gradients = new Map([[result.name, seed]]);
  for (const step of tape.steps.toReversed()) {
    const gradient = step.outputs[0] && gradients.get(step.outputs[0].name);
    const wanted = step.inputs.map(({ name }) => moving.has(name));
    if (gradient === undefined || !wanted.includes(true)) continue;
    step.backward(gradient, wanted).forEach((part, index) => {
      const input = step.inputs[index];
      if (part === undefined || input === undefined || !moving.has(input.name)) return;
      const before = gradients.get(input.name);
      gradients.set(input.name, before === undefined ? part : addNode(tape.graph, "Add", [before, part], input));
    });
  }
  return by.map((value) => {
    const gradient = gradients.get(value.name);
    if (gradient === undefined)
      throw graphShape({ op: "differentiate", fault: `${result.name} does not depend on ${value.name}` });
    return gradient;
  });
}

/** Names of all values that change with `by`. */
function findDependents(tape: Tape, by: readonly Value[]): Set<string> {
  const moving = new Set(by.map(({ name }) => name));
  for (const { inputs, outputs } of tape.steps) {
    if (!inputs.some(({ name }) => moving.has(name))) continue;
    for (const { name } of outputs) moving.add(name);
  }
  return moving;
}
