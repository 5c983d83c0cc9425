/** @file For the kernels' tests: arrays in one WASM memory, and the plainest convolution there is. */

import { type Kernels, loadKernels } from "./load.ts";

export interface Place {
  /** Byte offset. */
  at: number;
  data: Float32Array;
  fill(value: number): Place;
}

export interface Bench {
  kernels: Kernels;
  memory: WebAssembly.Memory;
  room(floats: number): Place;
  place(values: Float32Array): Place;
}

export async function createBench(): Promise<Bench> {
  const memory = new WebAssembly.Memory({ initial: 64 });
  let next = 65_536;
  const room = (floats: number): Place => {
    const place: Place = {
      at: next,
      data: new Float32Array(memory.buffer, next, floats),
      fill(value) {
        place.data.fill(value);
        return place;
      },
    };
    next += Math.ceil(floats / 16) * 64;
    return place;
  };
  return {
    kernels: await loadKernels(memory),
    memory,
    room,
    place(values) {
      const place = room(values.length);
      place.data.set(values);
      return place;
    },
  };
}

/** Numbers from -1 to 1; the same seed gives the same. */
export function noise(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, k) => {
    const x = Math.sin(k * 12.9898 + seed * 78.233) * 43_758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });
}

export function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, k) => sum + value * (b[k] ?? Number.NaN), 0);
}

export function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.NaN;
  return a.reduce((most, value, k) => Math.max(most, Math.abs(value - (b[k] ?? Number.NaN))), 0);
}

interface Size {
  images: number;
  height: number;
  width: number;
  channels: number;
  filters: number;
  kernel: number;
  stride: number;
  padding: number;
}

/** x in NHWC, w as [line][column][channel][filter]; the result in NHWC. */
export function convolve(x: Float32Array, w: Float32Array, bias: Float32Array, size: Size): Float32Array {
  const { images, height, width, channels, filters, kernel, stride, padding } = size;
  const out = (length: number): number => Math.floor((length + 2 * padding - kernel) / stride) + 1;
  const y: number[] = [];
  for (let n = 0; n < images; n++)
    for (let i = 0; i < out(height); i++)
      for (let j = 0; j < out(width); j++)
        for (let f = 0; f < filters; f++) {
          let sum = bias[f]!;
          for (let k = 0; k < kernel; k++)
            for (let l = 0; l < kernel; l++) {
              const [down, across] = [i * stride - padding + k, j * stride - padding + l];
              if (down < 0 || down >= height || across < 0 || across >= width) continue;
              for (let c = 0; c < channels; c++)
                sum +=
                  x[((n * height + down) * width + across) * channels + c]! *
                  w[((k * kernel + l) * channels + c) * filters + f]!;
            }
          y.push(sum);
        }
  return Float32Array.from(y);
}
