import { expect, test } from "vitest";
import { createBench, dot, largestDifference, noise } from "./_bench.ts";

const size = { images: 2, channels: 4, height: 7, width: 6 };
const floats = size.images * size.channels * size.height * size.width;

test("max pool takes the largest of each window and gives its gradient to the first of equals", async () => {
  const bench = await createBench();
  const x = bench.place(noise(floats, 1).map((value) => Math.round(value * 3)));
  const [outHeight, outWidth] = [3, 2];
  const count = size.images * outHeight * outWidth * size.channels;
  const [y, code, dx] = [bench.room(count), bench.room(count), bench.room(floats)];
  const dy = bench.place(noise(count, 2));
  const { images, channels, height, width } = size;
  bench.kernels.maxPool(x.at, y.at, code.at, images, channels, height, width, 3, 3, 2, 2, outHeight, outWidth, 1);
  bench.kernels.maxPoolBack(
    dy.at,
    code.at,
    dx.at,
    images,
    height * width * channels * 4,
    outHeight * outWidth * channels * 4,
  );
  const wanted = new Float32Array(count);
  const wantedGradient = new Float32Array(floats);
  for (let k = 0; k < count; k++) {
    const c = k % channels;
    const [across, down] = [Math.floor(k / channels) % outWidth, Math.floor(k / channels / outWidth) % outHeight];
    const image = Math.floor(k / channels / outWidth / outHeight);
    let best = -1;
    for (let i = 0; i < 9; i++) {
      const at = ((image * height + down * 2 + Math.floor(i / 3)) * width + across * 2 + (i % 3)) * channels + c;
      if (best === -1 || x.data[at]! > x.data[best]!) best = at;
    }
    wanted[k] = Math.max(0, x.data[best]!);
    if (x.data[best]! > 0) wantedGradient[best]! += dy.data[k]!;
  }
  expect(largestDifference(y.data, wanted)).toBe(0);
  expect(largestDifference(dx.data, wantedGradient)).toBeLessThan(1e-6);
});

test("average pool and its adjoint", async () => {
  const bench = await createBench();
  const x = bench.place(noise(floats, 3));
  const count = size.images * 3 * 5 * size.channels;
  const [y, dx] = [bench.room(count), bench.room(floats)];
  const dy = bench.place(noise(count, 4));
  const { images, channels, height, width } = size;
  const shape = [images, channels, height, width, 3, 2, 2, 1, 3, 5] as const;
  bench.kernels.averagePool(x.at, y.at, ...shape, 0);
  bench.kernels.averagePoolBack(dy.at, dx.at, ...shape);
  const first = [0, 1, 2].flatMap((i) => [0, 1].map((j) => x.data[(i * width + j) * channels]!));
  expect(y.data[0]).toBeCloseTo(first.reduce((a, b) => a + b) / 6, 6);
  expect(dot(x.data, dx.data)).toBeCloseTo(dot(y.data, dy.data), 4);
});

test("moments are those of each channel", async () => {
  const bench = await createBench();
  const x = bench.place(noise(floats, 5).map((value) => value + 100));
  const [mean, variance] = [bench.room(4), bench.room(4)];
  const rows = floats / 4;
  bench.kernels.moments(x.at, mean.at, variance.at, rows, 4, 0);
  for (let c = 0; c < 4; c++) {
    const values = Array.from({ length: rows }, (_, k) => x.data[k * 4 + c]!);
    const wanted = values.reduce((a, b) => a + b) / rows;
    expect(mean.data[c]).toBeCloseTo(wanted, 3);
    expect(variance.data[c]).toBeCloseTo(values.reduce((sum, v) => sum + (v - wanted) ** 2, 0) / rows, 4);
  }
});

test("dropout drops its share, scales the rest, and lets the gradient through where it let the value through", async () => {
  const bench = await createBench();
  const count = 40_000;
  const x = bench.room(count).fill(1);
  const [y, mask, dx] = [bench.room(count), bench.room(count), bench.room(count)];
  const random = bench.room(4);
  new Uint32Array(bench.memory.buffer, random.at, 4).set([1, 22, 333, 4444]);
  const threshold = 0.25 * 2 ** 32;
  bench.kernels.dropout(x.at, y.at, mask.at, count * 4, 0, random.at, threshold, 4 / 3);
  bench.kernels.dropoutBack(x.at, mask.at, dx.at, count * 4, 4 / 3);
  const dropped = y.data.filter((value) => value === 0).length / count;
  // Five standard deviations of a fair draw.
  expect(Math.abs(dropped - 0.25)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / count));
  expect(new Set(y.data)).toEqual(new Set([0, Math.fround(4 / 3)]));
  expect(dx.data).toEqual(y.data);
  // Neighbours are independent: both dropped as often as the product says.
  const pairs = y.data.filter((value, k) => value === 0 && y.data[k + 1] === 0).length / count;
  expect(Math.abs(pairs - 0.0625)).toBeLessThan(0.01);
});

test("planes and pixels are each other's way back, padding zero", async () => {
  const bench = await createBench();
  const planes = bench.place(noise(2 * 3 * 35, 6));
  const [pixels, again] = [bench.room(2 * 4 * 35).fill(7), bench.room(2 * 3 * 35)];
  bench.kernels.planesToPixels(planes.at, pixels.at, 2, 3, 4, 35);
  bench.kernels.pixelsToPlanes(pixels.at, again.at, 2, 3, 4, 35);
  expect(again.data).toEqual(planes.data);
  expect(pixels.data[4 * 34 + 2]).toBe(planes.data[2 * 35 + 34]);
  expect(pixels.data.filter((_, k) => k % 4 === 3).every((value) => value === 0)).toBe(true);
});

test("NaN is not hidden by ReLU or pooling", async () => {
  const bench = await createBench();
  const x = bench.room(16).fill(Number.NaN);
  const [y, code, random] = [bench.room(4), bench.room(4), bench.room(4)];
  bench.kernels.pool2(x.at, y.at, code.at, 1, 4, 2, 2, 1, random.at, 0, 1);
  expect([...y.data]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
});
