/** @file What optimizers do to numbers. The reference, in plain TypeScript; src/kernels/assembly/optimizers.ts does the same, bit for bit. */
import type { Optimizer } from "../types.ts";

/** Equally long views: the loop's slice of the parameters, its gradients, and the optimizer's memory of them. */
export interface Slice {
  parameters: Float32Array;
  gradients: Float32Array;
  /** Gradients of other shards, to be added; missing with one worker. */
  others?: Float32Array | undefined;
  /** `stateCount` arrays, zero at first. */
  states: readonly Float32Array[];
}

/** How many numbers an optimizer remembers for each parameter. */
export function stateCount(optimizer: Optimizer): number {
  return optimizer.kind === "sgd" ? 1 : 2;
}

/** The settings of one step as the formulas take them. `factor` is the schedule's; `time` counts steps from 1. */
export function settingsAt(optimizer: Optimizer, factor: number, time: number): Settings {
  const rate = optimizer.rate * factor;
  const { weightDecay } = optimizer;
  if (optimizer.kind === "sgd") {
    return { kind: "sgd", rate, momentum: optimizer.momentum, nesterov: optimizer.nesterov, weightDecay };
  }
  if (optimizer.kind === "adadelta") {
    return { kind: "adadelta", rate, decay: optimizer.decay, epsilon: optimizer.epsilon, weightDecay };
  }
  const { beta1, beta2, epsilon } = optimizer;
  const decoupled = optimizer.kind === "adamW";
  return {
    kind: "adam",
    pace: rate / (1 - beta1 ** time),
    beta1,
    beta2,
    epsilon,
    unbias: Math.sqrt(1 - beta2 ** time),
    weightDecay: decoupled ? 0 : weightDecay,
    shrink: decoupled ? 1 - rate * weightDecay : 1,
  };
}

export type Settings =
  | { kind: "sgd"; rate: number; momentum: number; nesterov: boolean; weightDecay: number }
  | { kind: "adadelta"; rate: number; decay: number; epsilon: number; weightDecay: number }
  | {
      kind: "adam";
      /** Rate over 1 - beta1^t. */
      pace: number;
      beta1: number;
      beta2: number;
      epsilon: number;
      /** sqrt(1 - beta2^t). */
      unbias: number;
      weightDecay: number;
      /** Factor on the parameter: AdamW's decay. */
      shrink: number;
    };

/** One step, in place. */
export function updateSlice(slice: Slice, settings: Settings): void {
  if (settings.kind === "sgd") updateSgd(slice, settings);
  else if (settings.kind === "adadelta") updateAdadelta(slice, settings);
  else updateAdam(slice, settings);
}

const { fround } = Math;
const none = new Float32Array(0);

/** Sizes below 1e-30 become 0, because denormal numbers are slow. */
const settled = (x: number): number => (Math.abs(x) < smallest ? 0 : x);
const smallest = fround(1e-30);

function gradientAt({ parameters, gradients, others }: Slice, i: number, decay: number): number {
  const own = gradients[i] ?? 0;
  const sum = others === undefined ? own : fround(own + (others[i] ?? 0));
  return fround(sum + fround(decay * (parameters[i] ?? 0)));
}

function updateSgd(slice: Slice, settings: Extract<Settings, { kind: "sgd" }>): void {
  const { parameters, states } = slice;
  const velocity = states[0] ?? none;
  const [rate, momentum, decay] = [settings.rate, settings.momentum, settings.weightDecay].map(fround) as [
    number,
    number,
    number,
  ];
  for (let i = 0; i < parameters.length; i++) {
    const d = gradientAt(slice, i, decay);
    const s = settled(fround(fround(momentum * (velocity[i] ?? 0)) + d));
    velocity[i] = s;
    const move = settings.nesterov ? fround(d + fround(momentum * s)) : s;
    parameters[i] = fround((parameters[i] ?? 0) - fround(rate * move));
  }
}

function updateAdadelta(slice: Slice, settings: Extract<Settings, { kind: "adadelta" }>): void {
  const { parameters, states } = slice;
  const [squares = none, updates = none] = states;
  const [rate, keep, e, decay] = [settings.rate, settings.decay, settings.epsilon, settings.weightDecay].map(
    fround,
  ) as [number, number, number, number];
  const rest = fround(1 - keep);
  for (let i = 0; i < parameters.length; i++) {
    const d = gradientAt(slice, i, decay);
    const before = updates[i] ?? 0;
    const square = settled(fround(fround(keep * (squares[i] ?? 0)) + fround(rest * fround(d * d))));
    const u = fround(d * fround(Math.sqrt(fround(fround(before + e) / fround(square + e)))));
    squares[i] = square;
    updates[i] = settled(fround(fround(keep * before) + fround(rest * fround(u * u))));
    parameters[i] = fround((parameters[i] ?? 0) - fround(rate * u));
  }
}

function updateAdam(slice: Slice, settings: Extract<Settings, { kind: "adam" }>): void {
  const { parameters, states } = slice;
  const [means = none, squares = none] = states;
  const [pace, b1, b2, e] = [settings.pace, settings.beta1, settings.beta2, settings.epsilon].map(fround) as [
    number,
    number,
    number,
    number,
  ];
  const [unbias, decay, shrink] = [settings.unbias, settings.weightDecay, settings.shrink].map(fround) as [
    number,
    number,
    number,
  ];
  const [c1, c2] = [fround(1 - b1), fround(1 - b2)];
  for (let i = 0; i < parameters.length; i++) {
    const d = gradientAt(slice, i, decay);
    const mean = settled(fround(fround(b1 * (means[i] ?? 0)) + fround(c1 * d)));
    const square = settled(fround(fround(b2 * (squares[i] ?? 0)) + fround(c2 * fround(d * d))));
    means[i] = mean;
    squares[i] = square;
    const move = fround(mean / fround(fround(fround(Math.sqrt(square)) / unbias) + e));
    parameters[i] = fround(fround(shrink * (parameters[i] ?? 0)) - fround(pace * move));
  }
}
