/** @file Data-parallel descent: every worker adds up its slice of the gradients, updates that slice, and takes the others' slices over. */
import type { Step } from "../step.ts";
import type { Optimizer } from "../types.ts";
import { type Kernels, type Room, within } from "./kernels.ts";
import { type Shared, sliceOf } from "./shared.ts";
import { type Settings, settingsAt, type Slice, stateCount, updateSlice } from "./update.ts";

export interface Exchange {
  /** Hands this shard's gradients to those who need them. A barrier must follow. */
  scatter(): void;
  /** Updates this worker's slice and shows it to the others. `time` counts steps from 1. A barrier must follow. */
  update(factor: number, time: number): void;
  /** Takes over the others' slices. */
  gather(): void;
  /** Copies everything from the shared memory: where a run begins or goes on. */
  restore(): void;
  /** Copies the optimizer's memory to the shared memory. */
  keep(): void;
  /** Whether this worker's slice is made of finite numbers. */
  isFinite(): boolean;
}

export function createExchange(
  step: Step,
  shared: Shared,
  me: number,
  optimizer: Optimizer,
  kernels: Kernels | undefined,
  room: Room,
): Exchange {
  const length = step.parameters.length;
  const { workers } = shared;
  const slices = Array.from({ length: workers }, (_, index) => sliceOf(length, workers, index));
  const { from, to } = slices[me] ?? { from: 0, to: length };
  const peers = slices.map((slice, index) => ({ ...slice, index })).filter(({ index }) => index !== me);
  const slice: Slice = {
    parameters: step.parameters.subarray(from, to),
    gradients: step.gradients.subarray(from, to),
    others: workers > 1 ? room.floats(to - from) : undefined,
    states: Array.from({ length: stateCount(optimizer) }, () => room.floats(to - from)),
  };
  const sum = createSum(
    slice,
    peers.map(({ index }) => shared.gradients.subarray(index * length + from, index * length + to)),
    kernels,
    room,
  );
  const update = createUpdate(slice, kernels);
  const shown = shared.parameters.subarray(from, to);
  return {
    scatter() {
      for (const peer of peers)
        shared.gradients.set(step.gradients.subarray(peer.from, peer.to), me * length + peer.from);
    },
    update(factor, time) {
      sum();
      update(settingsAt(optimizer, factor, time));
      shown.set(slice.parameters);
    },
    gather() {
      for (const peer of peers) step.parameters.set(shared.parameters.subarray(peer.from, peer.to), peer.from);
    },
    restore() {
      step.parameters.set(shared.parameters);
      step.statistics.set(shared.statistics.subarray(me * step.statistics.length, (me + 1) * step.statistics.length));
      for (const [k, state] of slice.states.entries())
        state.set(shared.states.subarray(k * length + from, k * length + to));
    },
    keep() {
      for (const [k, state] of slice.states.entries()) shared.states.set(state, k * length + from);
      shared.statistics.set(step.statistics, me * step.statistics.length);
    },
    isFinite() {
      // Adding up 0 × x finds any NaN or infinity without a branch for each number.
      let marker = 0;
      for (const value of slice.parameters) marker += 0 * value;
      return marker === 0;
    },
  };
}

/** Adds up the peers' gradients for this slice, in the workers' order, so that the same run rounds in the same way. */
function createSum(
  { others }: Slice,
  sources: readonly Float32Array[],
  kernels: Kernels | undefined,
  room: Room,
): () => void {
  const [first, ...rest] = sources;
  if (others === undefined || first === undefined) return () => {};
  const staging = rest.length > 0 ? room.floats(others.length) : undefined;
  const inKernels = kernels !== undefined && within(kernels, others, staging);
  return () => {
    others.set(first);
    for (const source of rest) {
      if (inKernels && staging !== undefined) {
        staging.set(source);
        kernels.exports.addTo(others.byteOffset, staging.byteOffset, others.byteLength);
      } else {
        for (let i = 0; i < others.length; i++) others[i] = (others[i] ?? 0) + (source[i] ?? 0);
      }
    }
  };
}

function createUpdate(slice: Slice, kernels: Kernels | undefined): (settings: Settings) => void {
  const { parameters, gradients, others, states } = slice;
  if (kernels === undefined || !within(kernels, parameters, gradients, others, ...states)) {
    return (settings) => updateSlice(slice, settings);
  }
  const [p, g, h] = [parameters.byteOffset, gradients.byteOffset, others?.byteOffset ?? 0];
  const [first = 0, second = 0] = states.map(({ byteOffset }) => byteOffset);
  const n = parameters.length;
  const { sgd, adadelta, adam } = kernels.exports;
  return (settings) => {
    if (settings.kind === "sgd") {
      sgd(p, g, h, first, n, settings.rate, settings.momentum, settings.nesterov ? 1 : 0, settings.weightDecay);
    } else if (settings.kind === "adadelta") {
      adadelta(p, g, h, first, second, n, settings.rate, settings.decay, settings.epsilon, settings.weightDecay);
    } else {
      const { pace, beta1, beta2, epsilon, unbias, weightDecay, shrink } = settings;
      adam(p, g, h, first, second, n, pace, beta1, beta2, epsilon, unbias, weightDecay, shrink);
    }
  };
}
