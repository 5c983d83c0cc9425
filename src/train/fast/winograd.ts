/** @file 3×3 convolution by Winograd: transforms in WASM, the products of the 36 planes by onnxruntime, block by block of tiles, so that a block stays in the core's cache. */

import type { Arena } from "./arena.ts";
import type { SegmentPlan } from "./plan.ts";
import { createProducts } from "./products.ts";
import { type Activation, dropoutArguments, floatsOf, seedRandom, type Segment, viewFloats } from "./segment.ts";

export interface Places {
  /** Byte offsets of the weights and their gradient, and of the bias and its. */
  weights: number;
  weightsGradient: number;
  bias: number;
  biasGradient: number;
}

export function createWinograd(
  plan: Extract<SegmentPlan, { kind: "winograd" }>,
  input: Activation,
  places: Places,
  index: number,
  { arena, rows }: { arena: Arena; rows: number },
): Segment {
  const { channels, filters, height, width, padding, outHeight, outWidth } = measure(plan);
  const [tilesDown, tilesAcross] = [Math.ceil(outHeight / 4), Math.ceil(outWidth / 4)];
  const blocks = cutTiles(rows * tilesDown * tilesAcross, channels, filters);
  const count = 36 * blocks.stride;
  const v = blocks.list.map(() => arena.reserve(count * channels));
  const product = arena.reserve(count * filters);
  const dv = arena.reserve(input.gradient === undefined ? 0 : count * channels);
  const transformed = arena.reserve(36 * channels * filters);
  const transformedGradient = arena.reserve(36 * channels * filters);
  const transformedPart = arena.reserve(blocks.list.length > 1 ? 36 * channels * filters : 0);
  const floats = floatsOf(plan.output, rows);
  const value = arena.reserve(floats);
  const gradient = arena.reserve(floats);
  const code = arena.reserve(plan.finish === undefined ? 0 : floats);
  const plane = { v: blocks.stride * channels * 4, product: blocks.stride * filters * 4 };
  const inputShape = [height, width, channels, padding, tilesDown, tilesAcross] as const;
  const outputShape = [outHeight, outWidth, filters, tilesDown, tilesAcross] as const;

  return {
    output: { image: plan.output, value, gradient },
    scratchFloats: 36 * channels + 1024,

    async prepare(machine) {
      const { kernels, scratch, random } = machine;
      const shapes = {
        v: [36, blocks.stride, channels],
        u: [36, channels, filters],
        p: [36, blocks.stride, filters],
      };
      const forward = await createProducts(machine, shapes, [{ y: "p", a: "v", b: "u" }]);
      const back = await createProducts(
        machine,
        { ...shapes, du: shapes.u, ...(input.gradient !== undefined && { dv: shapes.v }) },
        [
          { y: "du", a: "v", b: "p", transposeA: true },
          ...(input.gradient === undefined ? [] : [{ y: "dv", a: "p", b: "u", transposeB: true }]),
        ],
      );
      const runs = blocks.list.map((block, k) => {
        const matrices = { v: v[k] ?? 0, u: transformed, p: product, dv };
        return {
          ...block,
          v: matrices.v,
          forward: forward.bind(matrices),
          back: back.bind({ ...matrices, du: k === 0 ? transformedGradient : transformedPart }),
        };
      });
      const biasGradient = viewFloats(machine, places.biasGradient, filters);
      return {
        async forward({ seed, train }) {
          const { finish } = plan;
          const [threshold, scale] = dropoutArguments(finish?.rate ?? 0, train);
          if (finish !== undefined) seedRandom(machine, seed, index);
          kernels.winogradWeights(places.weights, transformed, channels * filters * 4, scratch);
          for (const run of runs) {
            const part = [run.from, run.count] as const;
            kernels.winogradInput(input.value, run.v, ...inputShape, ...part, plane.v, scratch, Number(plan.rectify));
            await run.forward();
            const to = [...outputShape, ...part, plane.product, scratch] as const;
            if (finish === undefined) kernels.winogradOutput(product, places.bias, value, ...to);
            else {
              const after = [Number(finish.rectify), random, threshold, scale] as const;
              kernels.winogradOutputPool(product, places.bias, value, code, ...to, ...after);
            }
          }
        },
        async backward({ train }) {
          const { finish } = plan;
          const [, scale] = dropoutArguments(finish?.rate ?? 0, train);
          biasGradient.fill(0);
          for (const run of runs) {
            const part = [run.from, run.count] as const;
            const to = [...outputShape, ...part, plane.product, scratch] as const;
            if (finish === undefined) kernels.winogradOutputBack(gradient, product, places.biasGradient, ...to);
            else kernels.winogradOutputPoolBack(gradient, code, product, places.biasGradient, ...to, scale);
            await run.back();
            if (run.from > 0) kernels.addTo(transformedGradient, transformedPart, channels * filters * 144);
            if (input.gradient !== undefined) {
              const last = [...part, plane.v, scratch, Number(plan.rectify)] as const;
              kernels.winogradInputBack(dv, input.value, input.gradient, ...inputShape, ...last);
            }
          }
          kernels.winogradWeightsBack(transformedGradient, places.weightsGradient, channels * filters * 4, scratch);
        },
        async release() {
          await forward.release();
          await back.release();
        },
      };
    },
  };
}

function measure({ input, layer, output }: Extract<SegmentPlan, { kind: "winograd" }>) {
  const padding = layer.padding[0];
  return {
    channels: input.padded,
    filters: output.padded,
    height: input.height,
    width: input.width,
    padding,
    outHeight: input.height + 2 * padding - 2,
    outWidth: input.width + 2 * padding - 2,
  };
}

/** Bytes of V, the products and dV of a block: together they should stay in a core's second-level cache. */
const blockBytes = 1_200_000;

/**
 * Equal blocks of tiles. `stride` is the rows kept for each: an odd number, so that the 36 planes do not fall on the same
 * cache sets; the rows past `count` stay zero.
 */
function cutTiles(
  tiles: number,
  channels: number,
  filters: number,
): { stride: number; list: { from: number; count: number }[] } {
  const most = Math.max(32, Math.floor(blockBytes / (36 * 4 * (channels + filters))));
  const number = Math.ceil(tiles / most);
  const size = Math.ceil(tiles / number);
  const list = Array.from({ length: Math.ceil(tiles / size) }, (_, k) => ({
    from: k * size,
    count: Math.min(size, tiles - k * size),
  }));
  return { stride: size | 1, list };
}
