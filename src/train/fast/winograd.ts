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
  const blocks = cutTiles(rows * tilesDown * tilesAcross, channels, filters, arena, input.gradient !== undefined);
  const transformed = arena.reserve(36 * channels * filters);
  const transformedGradient = arena.reserve(36 * channels * filters);
  const transformedPart = arena.reserve(blocks.length > 1 ? 36 * channels * filters : 0);
  const floats = floatsOf(plan.output, rows);
  const value = arena.reserve(floats);
  const gradient = arena.reserve(floats);
  const code = arena.reserve(plan.finish === undefined ? 0 : floats);
  const inputShape = [height, width, channels, padding, tilesDown, tilesAcross] as const;
  const outputShape = [outHeight, outWidth, filters, tilesDown, tilesAcross] as const;

  return {
    output: { image: plan.output, value, gradient },
    scratchFloats: 36 * channels + 1024,

    async prepare(machine) {
      const { kernels, scratch, random } = machine;
      const shapes = { v: [36, "tiles", channels], u: [36, channels, filters], p: [36, "tiles", filters] };
      const forward = await createProducts(machine, shapes, [{ y: "p", a: "v", b: "u" }]);
      const back = await createProducts(
        machine,
        { ...shapes, du: shapes.u, ...(input.gradient !== undefined && { dv: shapes.v }) },
        [
          { y: "du", a: "v", b: "p", transposeA: true },
          ...(input.gradient === undefined ? [] : [{ y: "dv", a: "p", b: "u", transposeB: true }]),
        ],
      );
      const runs = blocks.map((block, k) => {
        const { v, p, dv, stride } = block;
        const matrices = { v, u: transformed, p, dv, du: k === 0 ? transformedGradient : transformedPart };
        return {
          ...block,
          forward: forward.bind(matrices, { tiles: stride }),
          back: back.bind(matrices, { tiles: stride }),
        };
      });
      const transformInput = ({ from, count, v, stride }: Block): void => {
        const last = [stride * channels * 4, scratch, Number(plan.rectify)] as const;
        kernels.winogradInput(input.value, v, ...inputShape, from, count, ...last);
      };
      const biasGradient = viewFloats(machine, places.biasGradient, filters);
      return {
        async forward({ seed, train }) {
          const { finish } = plan;
          const [threshold, scale] = dropoutArguments(finish?.rate ?? 0, train);
          if (finish !== undefined) seedRandom(machine, seed, index);
          kernels.winogradWeights(places.weights, transformed, channels * filters * 4, scratch);
          for (const run of runs) {
            transformInput(run);
            await run.forward();
            const to = [...outputShape, run.from, run.count, run.stride * filters * 4, scratch] as const;
            if (finish === undefined) kernels.winogradOutput(run.p, places.bias, value, ...to);
            else {
              const after = [Number(finish.rectify), random, threshold, scale] as const;
              kernels.winogradOutputPool(run.p, places.bias, value, code, ...to, ...after);
            }
          }
        },
        async backward({ train }) {
          const { finish } = plan;
          const [, scale] = dropoutArguments(finish?.rate ?? 0, train);
          biasGradient.fill(0);
          for (const run of runs) {
            const to = [...outputShape, run.from, run.count, run.stride * filters * 4, scratch] as const;
            if (finish === undefined) kernels.winogradOutputBack(gradient, run.p, places.biasGradient, ...to);
            else kernels.winogradOutputPoolBack(gradient, code, run.p, places.biasGradient, ...to, scale);
            transformInput(run);
            await run.back();
            if (run.from > 0) kernels.addTo(transformedGradient, transformedPart, channels * filters * 144);
            if (input.gradient !== undefined) {
              const last = [run.from, run.count, run.stride * channels * 4, scratch, Number(plan.rectify)] as const;
              kernels.winogradInputBack(run.dv, input.value, input.gradient, ...inputShape, ...last);
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

/** Bytes of V and the products of a block. Larger blocks make better products; smaller ones stay in a core's second-level cache. */
const blockBytes = 2_200_000;

/** Tiles from..from + count, and where their 36 planes lie: of the transformed input, the products (and their gradient), and dV. */
interface Block {
  from: number;
  count: number;
  /** Rows of a plane: an odd number, so that the planes do not fall on the same cache sets. The one past `count` stays zero. */
  stride: number;
  v: number;
  p: number;
  dv: number;
}

/**
 * Equal blocks, but for the last. They share their places, so that V stays in the cache: making it anew on the way back is
 * faster than fetching it from memory.
 */
function cutTiles(tiles: number, channels: number, filters: number, arena: Arena, back: boolean): Block[] {
  const most = Math.max(32, Math.floor(blockBytes / (36 * 4 * (channels + filters))));
  const size = Math.ceil(tiles / Math.ceil(tiles / most));
  const reserve = (count: number) => {
    const stride = count | 1;
    const room = (width: number): number => arena.reserve(36 * stride * width);
    return { count, stride, v: room(channels), p: room(filters), dv: back ? room(channels) : 0 };
  };
  const full = reserve(size);
  const blocks = Array.from({ length: Math.floor(tiles / size) }, (_, k) => ({ ...full, from: k * size }));
  const rest = tiles % size;
  return rest === 0 ? blocks : [...blocks, { ...reserve(rest), from: tiles - rest }];
}
