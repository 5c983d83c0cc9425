/** @file The loop's part of a step's memory: room for the optimizer beside the parameters, and the kernels that work there. */
import { loadKernels } from "../../kernels/load.ts";
import type { Step } from "../step.ts";

/** Byte offsets and whole numbers first, settings after; each is described in src/kernels/assembly. */
export interface LoopExports {
  sgd: (
    p: number,
    g: number,
    h: number,
    v: number,
    n: number,
    rate: number,
    momentum: number,
    nesterov: number,
    weightDecay: number,
  ) => void;
  adadelta: (
    p: number,
    g: number,
    h: number,
    s: number,
    a: number,
    n: number,
    rate: number,
    decay: number,
    epsilon: number,
    weightDecay: number,
  ) => void;
  adam: (
    p: number,
    g: number,
    h: number,
    m: number,
    v: number,
    n: number,
    pace: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    unbias: number,
    weightDecay: number,
    shrink: number,
  ) => void;
  addTo: (to: number, from: number, bytes: number) => void;
  warp: (
    source: number,
    target: number,
    height: number,
    width: number,
    channels: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
  ) => void;
}

export interface Kernels {
  exports: LoopExports;
  memory: WebAssembly.Memory;
}

/** The kernels on the step's memory; undefined for a step of plain arrays, where the reference in TypeScript does the work. */
export async function openKernels(step: Step): Promise<Kernels | undefined> {
  const { memory } = step;
  if (memory === undefined) return undefined;
  return { exports: await loadKernels<LoopExports>(memory), memory };
}

/** Room for floats or bytes, zero at first: within the step's scratch memory while that lasts, else in arrays of their own. */
export interface Room {
  floats(count: number): Float32Array;
  bytes(count: number): Uint8Array;
}

export function createRoom({ scratch }: Step): Room {
  let used = 0;
  const floats = (count: number): Float32Array => {
    const padded = (count + 15) & ~15;
    if (used + padded > scratch.length) return new Float32Array(count);
    used += padded;
    return scratch.subarray(used - padded, used - padded + count);
  };
  return {
    floats,
    bytes(count) {
      const room = floats(Math.ceil(count / 4));
      return new Uint8Array(room.buffer, room.byteOffset, count);
    },
  };
}

/** Whether all arrays lie in the kernels' memory, so that they can be told by their offsets. */
export function within({ memory }: Kernels, ...arrays: readonly (ArrayBufferView | undefined)[]): boolean {
  return arrays.every((array) => array === undefined || array.buffer === memory.buffer);
}
