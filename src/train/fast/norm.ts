/** @file Batch normalisation of NHWC images. Sums over pixels in WASM; what is done once a channel, here. */

import type { Arena } from "./arena.ts";
import type { SegmentPlan } from "./plan.ts";
import { type Activation, floatsOf, type Segment, viewFloats } from "./segment.ts";

export interface NormPlaces {
  scale: number;
  shift: number;
  scaleGradient: number;
  shiftGradient: number;
  /** Running mean and variance, one number a channel; renewed in training. */
  mean: Float32Array;
  variance: Float32Array;
}

export function createNorm(
  plan: Extract<SegmentPlan, { kind: "batchNorm" }>,
  input: Activation,
  places: NormPlaces,
  { arena, rows }: { arena: Arena; rows: number },
): Segment {
  const { channels, padded, height, width } = plan.input;
  const pixels = rows * height * width;
  const value = arena.reserve(floatsOf(plan.output, rows));
  const gradient = arena.reserve(floatsOf(plan.output, rows));
  const reserveChannels = (): number => arena.reserve(padded);
  const own = {
    mean: reserveChannels(),
    variance: reserveChannels(),
    inverse: reserveChannels(),
    factor: reserveChannels(),
    offset: reserveChannels(),
    dshift: reserveChannels(),
    dscale: reserveChannels(),
  };
  const size = [pixels, padded] as const;
  const rectify = Number(plan.rectify);
  const { momentum, epsilon } = plan.layer;

  return {
    output: { image: plan.output, value, gradient },
    scratchFloats: 0,

    async prepare(machine) {
      const { kernels } = machine;
      const view = (offset: number): Float32Array => viewFloats(machine, offset, channels);
      const [mean, variance, inverse] = [view(own.mean), view(own.variance), view(own.inverse)];
      const [factor, offset] = [view(own.factor), view(own.offset)];
      const [scale, shift] = [view(places.scale), view(places.shift)];
      const renew = (): void => {
        // As PyTorch: the running variance is the unbiased one, but one value alone has none.
        const unbiased = pixels > 1 ? pixels / (pixels - 1) : 1;
        for (let c = 0; c < channels; c++) {
          places.mean[c] = (1 - momentum) * places.mean[c]! + momentum * mean[c]!;
          places.variance[c] = (1 - momentum) * places.variance[c]! + momentum * unbiased * variance[c]!;
        }
      };
      return {
        forward({ train }) {
          if (train) kernels.moments(input.value, own.mean, own.variance, ...size, rectify);
          else {
            mean.set(places.mean);
            variance.set(places.variance);
          }
          for (let c = 0; c < channels; c++) {
            inverse[c] = 1 / Math.sqrt(variance[c]! + epsilon);
            factor[c] = scale[c]! * inverse[c]!;
            offset[c] = shift[c]! - mean[c]! * factor[c]!;
          }
          kernels.scaleShift(input.value, value, own.factor, own.offset, ...size, rectify);
          if (train) renew();
        },
        backward({ train }) {
          const moments = [own.mean, own.inverse] as const;
          kernels.normSums(input.value, gradient, ...moments, own.dshift, own.dscale, ...size, rectify);
          view(places.scaleGradient).set(view(own.dscale));
          view(places.shiftGradient).set(view(own.dshift));
          if (input.gradient === undefined) return;
          const sums = [own.factor, own.dshift, own.dscale] as const;
          kernels.normBack(
            input.value,
            gradient,
            input.gradient,
            ...moments,
            ...sums,
            ...size,
            train ? 1 / pixels : 0,
            rectify,
          );
        },
        async release() {},
      };
    },
  };
}
