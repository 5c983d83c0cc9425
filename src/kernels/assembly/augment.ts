/** @file Warps one image: the pixel at (x, y) of the result is read at (a x + b y + c, d x + e y + f) of the source. */

import { add, mul, splat, store, sub } from "./_simd";

/**
 * `source`: bytes of height × width × channels, a width of 4 at least. `target`: floats 0..1 of channels × height × width. Between
 * pixels it is bilinear; outside, the edge goes on. No fused multiply-add: rounds as the reference in TypeScript does, bit for bit.
 */
export function warp(
  source: usize, target: usize, height: i32, width: i32, channels: i32, a: f32, b: f32, c: f32, d: f32, e: f32, f: f32,
): void {
  const zero = splat(0), right = splat((width - 1) as f32), bottom = splat((height - 1) as f32);
  const lastLeft = i32x4.splat(width - 2), lastTop = i32x4.splat(max(height - 2, 0));
  const line = width * channels, below: usize = height > 1 ? (line as usize) : 0, plane = ((height * width) as usize) << 2;
  const lines = i32x4.splat(line), pixels = i32x4.splat(channels), ramp = f32x4(0, 1, 2, 3);
  for (let y = 0; y < height; y++) {
    const rowX = splat(b * (y as f32) + c), rowY = splat(e * (y as f32) + f);
    for (let from = 0; from < width; from += 4) {
      // The last four begin earlier where the width is no multiple of 4: some are done twice, none beyond the row.
      const first = min(from, width - 4), x = add(splat(first as f32), ramp);
      const atX = f32x4.pmin(right, f32x4.pmax(zero, add(mul(splat(a), x), rowX)));
      const atY = f32x4.pmin(bottom, f32x4.pmax(zero, add(mul(splat(d), x), rowY)));
      const left = i32x4.min_s(i32x4.trunc_sat_f32x4_s(atX), lastLeft), top = i32x4.min_s(i32x4.trunc_sat_f32x4_s(atY), lastTop);
      const u = sub(atX, f32x4.convert_i32x4_s(left)), v = sub(atY, f32x4.convert_i32x4_s(top));
      const at = i32x4.add(i32x4.mul(top, lines), i32x4.mul(left, pixels));
      const s0 = source + (i32x4.extract_lane(at, 0) as usize), s1 = source + (i32x4.extract_lane(at, 1) as usize);
      const s2 = source + (i32x4.extract_lane(at, 2) as usize), s3 = source + (i32x4.extract_lane(at, 3) as usize);
      let t = target + (((y * width + first) as usize) << 2);
      if (channels == 1) {
        put(t, pairs(s0, s1, s2, s3), pairs(s0 + below, s1 + below, s2 + below, s3 + below), u, v);
        continue;
      }
      for (let k: usize = 0; k < (channels as usize); k++) {
        const upper = v128.or(bytes(s0 + k, s1 + k, s2 + k, s3 + k), i32x4.shl(bytes(s0 + k + channels, s1 + k + channels, s2 + k + channels, s3 + k + channels), 8));
        const g = k + below, h = g + channels;
        put(t, upper, v128.or(bytes(s0 + g, s1 + g, s2 + g, s3 + g), i32x4.shl(bytes(s0 + h, s1 + h, s2 + h, s3 + h), 8)), u, v);
        t += plane;
      }
    }
  }
}

/** Four pixels from their neighbours: in each lane the left one's byte and, above it, the right one's. */
// @ts-ignore: decorator
@inline function put(to: usize, upper: v128, lower: v128, u: v128, v: v128): void {
  const over = blend(upper, u);
  store(to, mul(add(over, mul(v, sub(blend(lower, u), over))), splat(1.0 / 255.0)));
}

// @ts-ignore: decorator
@inline function blend(both: v128, u: v128): v128 {
  const left = f32x4.convert_i32x4_s(v128.and(both, i32x4.splat(255))), right = f32x4.convert_i32x4_s(i32x4.shr_u(both, 8));
  return add(left, mul(u, sub(right, left)));
}

// @ts-ignore: decorator
@inline function pairs(a: usize, b: usize, c: usize, d: usize): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(load<u16>(a)), 1, load<u16>(b)), 2, load<u16>(c)), 3, load<u16>(d));
}

// @ts-ignore: decorator
@inline function bytes(a: usize, b: usize, c: usize, d: usize): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(load<u8>(a)), 1, load<u8>(b)), 2, load<u8>(c)), 3, load<u8>(d));
}
