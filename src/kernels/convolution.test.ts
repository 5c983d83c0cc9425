import { describe, expect, test } from "vitest";
import { convolve, createBench, dot, largestDifference, noise } from "./_bench.ts";

/** Height, width, padding, channels, filters; sizes whose tiles stick out and whose tiles just fit. */
const cases = [
  { height: 6, width: 6, padding: 0, channels: 4, filters: 4 },
  { height: 7, width: 9, padding: 0, channels: 8, filters: 4 },
  { height: 4, width: 5, padding: 1, channels: 4, filters: 12 },
  { height: 13, width: 10, padding: 1, channels: 8, filters: 8 },
] as const;

describe.each(cases)(
  "Winograd on $height×$width, padding $padding",
  ({ height, width, padding, channels, filters }) => {
    const images = 2;
    const [outHeight, outWidth] = [height + 2 * padding - 2, width + 2 * padding - 2];
    const [down, across] = [Math.ceil(outHeight / 4), Math.ceil(outWidth / 4)];
    const tiles = images * down * across;
    const stride = tiles | 1;
    const inputShape = [height, width, channels, padding, down, across] as const;
    const outputShape = [outHeight, outWidth, filters, down, across] as const;

    test("gives the convolution", async () => {
      const bench = await createBench();
      const x = bench.place(noise(images * height * width * channels, 1));
      const w = bench.place(noise(9 * channels * filters, 2));
      const bias = bench.place(noise(filters, 3));
      const [v, u] = [bench.room(36 * stride * channels), bench.room(36 * channels * filters)];
      const p = bench.room(36 * stride * filters);
      const y = bench.room(images * outHeight * outWidth * filters);
      const scratch = bench.room(36 * channels + 1024);
      bench.kernels.winogradInput(x.at, v.at, ...inputShape, 0, tiles, stride * channels * 4, scratch.at, 1);
      bench.kernels.winogradWeights(w.at, u.at, channels * filters * 4, scratch.at);
      for (let plane = 0; plane < 36; plane++)
        for (let t = 0; t < tiles; t++)
          for (let f = 0; f < filters; f++) {
            let sum = 0;
            for (let c = 0; c < channels; c++)
              sum += v.data[(plane * stride + t) * channels + c]! * u.data[(plane * channels + c) * filters + f]!;
            p.data[(plane * stride + t) * filters + f] = sum;
          }
      bench.kernels.winogradOutput(p.at, bias.at, y.at, ...outputShape, 0, tiles, stride * filters * 4, scratch.at);
      const rectified = x.data.map((value) => Math.max(value, 0));
      const size = { images, height, width, channels, filters, kernel: 3, stride: 1, padding };
      expect(largestDifference(y.data, convolve(rectified, w.data, bias.data, size))).toBeLessThan(1e-4);
    });

    test("has the adjoint of its input transform, in blocks of tiles", async () => {
      const bench = await createBench();
      const x = bench.place(noise(images * height * width * channels, 4));
      const g = bench.place(noise(36 * stride * channels, 5));
      const [v, dx] = [bench.room(36 * stride * channels), bench.room(x.data.length).fill(Number.NaN)];
      const scratch = bench.room(36 * channels + 1024);
      const plane = stride * channels * 4;
      bench.kernels.winogradInput(x.at, v.at, ...inputShape, 0, tiles, plane, scratch.at, 1);
      const first = tiles >> 1;
      const back = (from: number, count: number): void =>
        bench.kernels.winogradInputBack(
          g.at + from * channels * 4,
          x.at,
          dx.at,
          ...inputShape,
          from,
          count,
          plane,
          scratch.at,
          1,
        );
      back(0, first);
      back(first, tiles - first);
      // Rows past the last tile are nobody's.
      const used = g.data.map((value, k) => (Math.floor(k / channels) % stride < tiles ? value : 0));
      expect(dot(x.data, dx.data)).toBeCloseTo(dot(v.data, used), 2);
      expect([...dx.data].every((value, k) => value === 0 || x.data[k]! > 0)).toBe(true);
    });

    test("has the adjoints of its output and weight transforms", async () => {
      const bench = await createBench();
      const scratch = bench.room(36 * channels + 1024);
      const zero = bench.room(filters);
      const dbias = bench.room(filters);
      const p = bench.place(noise(36 * stride * filters, 6));
      const y = bench.room(images * outHeight * outWidth * filters);
      const g = bench.place(noise(y.data.length, 7));
      const dp = bench.room(p.data.length);
      const tail = [...outputShape, 0, tiles, stride * filters * 4, scratch.at] as const;
      bench.kernels.winogradOutput(p.at, zero.at, y.at, ...tail);
      bench.kernels.winogradOutputBack(g.at, dp.at, dbias.at, ...tail);
      expect(dot(y.data, g.data) / dot(p.data, dp.data)).toBeCloseTo(1, 4);
      const sums = Array.from({ length: filters }, (_, f) =>
        g.data.reduce((sum, value, k) => (k % filters === f ? sum + value : sum), 0),
      );
      expect(largestDifference(dbias.data, Float32Array.from(sums))).toBeLessThan(1e-3);

      const w = bench.place(noise(9 * channels * filters, 8));
      const du = bench.place(noise(36 * channels * filters, 9));
      const [u, dw] = [bench.room(du.data.length), bench.room(w.data.length)];
      bench.kernels.winogradWeights(w.at, u.at, channels * filters * 4, scratch.at);
      bench.kernels.winogradWeightsBack(du.at, dw.at, channels * filters * 4, scratch.at);
      expect(dot(u.data, du.data)).toBeCloseTo(dot(w.data, dw.data), 3);
    });

    test("pools as the separate pool does", async () => {
      const bench = await createBench();
      const scratch = bench.room(36 * channels + 1024);
      const random = bench.room(4);
      const bias = bench.place(noise(filters, 10));
      const p = bench.place(noise(36 * stride * filters, 11));
      const y = bench.room(images * outHeight * outWidth * filters);
      const pooled = images * (outHeight >> 1) * (outWidth >> 1) * filters;
      const [fused, separate] = [bench.room(pooled), bench.room(pooled)];
      const [fusedCode, separateCode] = [bench.room(pooled), bench.room(pooled)];
      const tail = [...outputShape, 0, tiles, stride * filters * 4, scratch.at] as const;
      bench.kernels.winogradOutput(p.at, bias.at, y.at, ...tail);
      const size = [images, filters, outHeight, outWidth] as const;
      bench.kernels.pool2(y.at, separate.at, separateCode.at, ...size, 1, random.at, 0, 1);
      bench.kernels.winogradOutputPool(p.at, bias.at, fused.at, fusedCode.at, ...tail, 1, random.at, 0, 1);
      expect(largestDifference(fused.data, separate.data)).toBeLessThan(1e-5);
      // And back: un-pooling and then the output's adjoint, against both in one.
      const g = bench.place(noise(pooled, 12));
      const [dy, dp, fusedDp] = [bench.room(y.data.length), bench.room(p.data.length), bench.room(p.data.length)];
      const [sums, fusedSums] = [bench.room(filters), bench.room(filters)];
      bench.kernels.pool2Back(g.at, fusedCode.at, dy.at, ...size, 1);
      bench.kernels.winogradOutputBack(dy.at, dp.at, sums.at, ...tail);
      bench.kernels.winogradOutputPoolBack(g.at, fusedCode.at, fusedDp.at, fusedSums.at, ...tail, 1);
      expect(largestDifference(fusedDp.data, dp.data)).toBeLessThan(1e-4);
      expect(largestDifference(fusedSums.data, sums.data)).toBeLessThan(1e-4);
    });
  },
);

describe.each([
  { kernel: 3, stride: 1, padding: 0 },
  { kernel: 5, stride: 1, padding: 2 },
  { kernel: 2, stride: 2, padding: 0 },
  { kernel: 3, stride: 2, padding: 1 },
  { kernel: 1, stride: 1, padding: 0 },
])("windows of $kernel by $stride, padding $padding", ({ kernel, stride, padding }) => {
  const [images, height, width] = [2, 7, 9];
  const out = (size: number): number => Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const window = [kernel, kernel, stride, stride, padding, padding, out(height), out(width)] as const;
  const positions = images * out(height) * out(width);

  test("of pixels, their product and their adjoint", async () => {
    const bench = await createBench();
    const [channels, filters] = [4, 3];
    const columns = kernel * kernel * channels + 4;
    const x = bench.place(noise(images * height * width * channels, 1));
    const [m, dx] = [bench.room(positions * columns), bench.room(x.data.length)];
    const size = [channels, height, width] as const;
    bench.kernels.patchesOfPixels(x.at, m.at, ...size, ...window, 0, positions, 0);
    const [w, bias] = [noise(kernel * kernel * channels * filters, 2), noise(filters, 3)];
    const y = multiply(m.data, columns, [...w, ...bias, ...new Float32Array(3 * filters)], filters);
    const wanted = convolve(x.data, w, bias, { images, height, width, channels, filters, kernel, stride, padding });
    expect(largestDifference(y, wanted)).toBeLessThan(1e-5);

    const g = bench.place(noise(positions * columns, 4));
    const half = positions >> 1;
    bench.kernels.patchesOfPixelsBack(g.at, dx.at, ...size, ...window, 0, half);
    bench.kernels.patchesOfPixelsBack(g.at + half * columns * 4, dx.at, ...size, ...window, half, positions - half);
    const taps = (values: Float32Array): Float32Array =>
      values.map((value, k) => (k % columns < columns - 4 ? value : 0));
    expect(dot(x.data, dx.data)).toBeCloseTo(dot(taps(m.data), taps(g.data)), 3);
  });

  test("of planes, with the bias in the last column", async () => {
    const bench = await createBench();
    const [channels, filters] = [3, 5];
    const columns = kernel * kernel * channels + 1;
    const x = bench.place(noise(images * height * width * channels, 5));
    const m = bench.room(positions * columns + 16);
    bench.kernels.patchesOfPlanes(x.at, m.at, channels, height, width, ...window, columns, 0, positions);
    const [w, bias] = [noise(kernel * kernel * channels * filters, 6), noise(filters, 7)];
    // Pixels want (line, column, channel), planes (channel, line, column).
    const area = kernel * kernel;
    const reordered = w.map((_, k) => {
      const [f, c, tap] = [k % filters, Math.floor(k / filters) % channels, Math.floor(k / filters / channels)];
      return w[(c * area + tap) * filters + f]!;
    });
    const pixels = x.data.map((_, k) => {
      const [c, place] = [k % channels, Math.floor(k / channels)];
      const [image, at] = [Math.floor(place / (height * width)), place % (height * width)];
      return x.data[(image * channels + c) * height * width + at]!;
    });
    const size = { images, height, width, channels, filters, kernel, stride, padding };
    const y = multiply(m.data.subarray(0, positions * columns), columns, [...w, ...bias], filters);
    expect(largestDifference(y, convolve(pixels, reordered, bias, size))).toBeLessThan(1e-5);
  });
});

function multiply(a: Float32Array, inner: number, b: readonly number[], width: number): Float32Array {
  const y = new Float32Array((a.length / inner) * width);
  for (let i = 0; i < y.length; i++) {
    const [row, column] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a[row * inner + k]! * b[k * width + column]!;
    y[i] = sum;
  }
  return y;
}
