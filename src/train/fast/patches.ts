/** @file Any convolution as a matrix product of windows and weights, block by block of output positions. */

import type { Arena } from "./arena.ts";
import type { SegmentPlan } from "./plan.ts";
import { createProducts } from "./products.ts";
import { type Activation, floatsOf, type Segment } from "./segment.ts";

export function createPatches(
  plan: Extract<SegmentPlan, { kind: "patches" }>,
  input: Activation,
  places: { weights: number; weightsGradient: number },
  { arena, rows }: { arena: Arena; rows: number },
): Segment {
  const { layer, from, output, input: image } = plan;
  const [kernelHeight, kernelWidth] = layer.kernel;
  const taps = kernelHeight * kernelWidth * (from === "planes" ? image.channels : image.padded);
  const columns = taps + (from === "planes" ? 1 : 4);
  const filters = output.padded;
  const blocks = cutPositions(rows * output.height * output.width, columns);
  const largest = Math.max(...blocks.map(({ count }) => count));
  // Four floats more: a kernel may write past the last row.
  const matrix = arena.reserve(largest * columns + 16);
  const back = input.gradient === undefined ? 0 : arena.reserve(largest * columns + 16);
  const part = blocks.length > 1 ? arena.reserve(columns * filters) : 0;
  const value = arena.reserve(floatsOf(output, rows));
  const gradient = arena.reserve(floatsOf(output, rows));
  const window = [...layer.kernel, ...layer.stride, ...layer.padding, output.height, output.width] as const;

  return {
    output: { image: output, value, gradient },
    scratchFloats: 0,

    async prepare(machine) {
      const { kernels } = machine;
      const shapes = { x: ["positions", columns], w: [columns, filters], y: ["positions", filters] };
      const { x, w, y } = shapes;
      const forward = await createProducts(machine, shapes, [{ y: "y", a: "x", b: "w" }]);
      const ofWeights = await createProducts(machine, { x, y, dw: w }, [{ y: "dw", a: "x", b: "y", transposeA: true }]);
      const ofInput = await createProducts(machine, { y, w, dx: x }, [{ y: "dx", a: "y", b: "w", transposeB: true }]);
      const runs = blocks.map((block, k) => {
        const sizes = { positions: block.count };
        const [ys, dys] = [value + block.start * filters * 4, gradient + block.start * filters * 4];
        const dw = k === 0 ? places.weightsGradient : part;
        return {
          ...block,
          forward: forward.bind({ x: matrix, w: places.weights, y: ys }, sizes),
          ofWeights: ofWeights.bind({ x: matrix, y: dys, dw }, sizes),
          ofInput: ofInput.bind({ y: dys, w: places.weights, dx: back }, sizes),
        };
      });
      const size = [image.height, image.width] as const;
      const gather = (start: number, count: number): void => {
        if (from === "planes") {
          const last = [columns, start, count] as const;
          kernels.patchesOfPlanes(input.value, matrix, image.channels, ...size, ...window, ...last);
        } else {
          const rectify = Number(plan.rectify);
          kernels.patchesOfPixels(input.value, matrix, image.padded, ...size, ...window, start, count, rectify);
        }
      };
      return {
        async forward() {
          for (const run of runs) {
            gather(run.start, run.count);
            await run.forward();
          }
        },
        async backward() {
          const inputBytes = floatsOf(image, machine.rows) * 4;
          if (input.gradient !== undefined) new Uint8Array(machine.memory.buffer, input.gradient, inputBytes).fill(0);
          for (const run of runs) {
            // A single block is still there from the way forward.
            if (runs.length > 1) gather(run.start, run.count);
            await run.ofWeights();
            if (run.start > 0) kernels.addTo(places.weightsGradient, part, columns * filters * 4);
            if (input.gradient === undefined) continue;
            await run.ofInput();
            kernels.patchesOfPixelsBack(back, input.gradient, image.padded, ...size, ...window, run.start, run.count);
          }
          if (input.gradient !== undefined && plan.rectify)
            kernels.rectifyBack(input.value, input.gradient, inputBytes);
        },
        async release() {
          for (const products of [forward, ofWeights, ofInput]) await products.release();
        },
      };
    },
  };
}

/** A matrix of windows as large as this is made once and kept for the way back. */
const keptBytes = 2_000_000;
const blockBytes = 600_000;

function cutPositions(positions: number, columns: number): { start: number; count: number }[] {
  const most = positions * columns * 4 <= keptBytes ? positions : Math.max(64, Math.floor(blockBytes / (columns * 4)));
  const size = Math.ceil(positions / Math.ceil(positions / most));
  return Array.from({ length: Math.ceil(positions / size) }, (_, k) => ({
    start: k * size,
    count: Math.min(size, positions - k * size),
  }));
}
