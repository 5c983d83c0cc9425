/** @file What the fast step is made of: segments, each with its way forward and its way back, over one memory. */

import type { Kernels } from "../../kernels/load.ts";
import type { Image } from "./plan.ts";

/** Values between two segments: NHWC with `image.padded` channels, those past `image.channels` zero. */
export interface Activation {
  image: Image;
  /** Byte offset of rows × height × width × padded floats. */
  value: number;
  /** Byte offset of their gradient; undefined where nobody wants it. */
  gradient: number | undefined;
}

/** What segments share once the memory exists. */
export interface Machine {
  rows: number;
  memory: WebAssembly.Memory;
  kernels: Kernels;
  /** Byte offset of 4 random states of 32 bits each, and behind them scratch space of `scratchFloats`. */
  random: number;
  scratch: number;
}

export interface Pass {
  seed: number;
  train: boolean;
}

export interface Segment {
  readonly output: Activation;
  /** Floats of scratch that its kernels need. */
  readonly scratchFloats: number;
  /** Opens sessions; called once, when the memory exists. */
  prepare(machine: Machine): Promise<Running>;
}

export interface Running {
  forward(pass: Pass): Promise<void> | void;
  backward(pass: Pass): Promise<void> | void;
  release(): Promise<void>;
}

export function floatsOf(image: Image, rows: number): number {
  return rows * image.height * image.width * image.padded;
}

export function viewFloats(machine: Machine, offset: number, count: number): Float32Array {
  return new Float32Array(machine.memory.buffer, offset, count);
}

/** Starts the four generators for one layer of one step: never zero, which xorshift would never leave. */
export function seedRandom(machine: Machine, seed: number, layer: number): void {
  const states = new Uint32Array(machine.memory.buffer, machine.random, 4);
  let x = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(layer + 1, 0xc2b2ae35)) >>> 0;
  for (let i = 0; i < 4; i++) {
    x = (x + 0x9e3779b9) >>> 0;
    let z = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    states[i] = (z ^ (z >>> 15)) >>> 0 || 0x1234567 + i;
  }
}

/** Dropout as kernels take it: what a 32-bit draw must reach, and the factor on what stays. */
export function dropoutArguments(rate: number, train: boolean): [threshold: number, scale: number] {
  return train ? [(rate * 2 ** 32) | 0, 1 / (1 - rate)] : [0, 1];
}
