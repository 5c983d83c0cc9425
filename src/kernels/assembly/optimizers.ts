/**
 * @file Optimizers over flat arrays, four values at a time, by PyTorch's formulas. Each gets parameters `p`, gradients `g` and,
 * where it is not 0, `h`: gradients of other shards to add. `n` is a multiple of 4. No fused multiply-add: the results are those of
 * the reference in TypeScript, bit for bit.
 */

import { add, load, mul, splat, store, sub } from "./_simd";

/** Sizes below 1e-30 become 0: denormal numbers make every operation slower, and no formula here tells them from 0. NaN stays. */
// @ts-ignore: decorator
@inline function settled(x: v128): v128 { return v128.andnot(x, f32x4.lt(f32x4.abs(x), splat(1e-30))); }

// @ts-ignore: decorator
@inline function gradient(p: usize, g: usize, h: usize, decay: v128): v128 {
  const own = load(g);
  return add(h == 0 ? own : add(own, load(h)), mul(decay, load(p)));
}

/** `v`: momentum. */
export function sgd(
  p: usize, g: usize, h: usize, v: usize, n: i32, rate: f32, momentum: f32, nesterov: bool, weightDecay: f32,
): void {
  const end = p + ((n as usize) << 2), r = splat(rate), m = splat(momentum), w = splat(weightDecay);
  while (p < end) {
    const d = gradient(p, g, h, w), s = settled(add(mul(m, load(v)), d));
    store(v, s);
    store(p, sub(load(p), mul(r, nesterov ? add(d, mul(m, s)) : s)));
    p += 16; g += 16; v += 16;
    if (h != 0) h += 16;
  }
}

/** `s`: running mean of squared gradients, `a`: of squared updates. */
export function adadelta(
  p: usize, g: usize, h: usize, s: usize, a: usize, n: i32, rate: f32, decay: f32, epsilon: f32, weightDecay: f32,
): void {
  const end = p + ((n as usize) << 2), r = splat(rate), k = splat(decay), l = splat(1 - decay), e = splat(epsilon), w = splat(weightDecay);
  while (p < end) {
    const d = gradient(p, g, h, w), before = load(a), square = settled(add(mul(k, load(s)), mul(l, mul(d, d))));
    const u = mul(d, f32x4.sqrt(f32x4.div(add(before, e), add(square, e))));
    store(s, square);
    store(a, settled(add(mul(k, before), mul(l, mul(u, u)))));
    store(p, sub(load(p), mul(r, u)));
    p += 16; g += 16; s += 16; a += 16;
    if (h != 0) h += 16;
  }
}

/**
 * `m`: running mean of gradients, `v`: of their squares. `pace` is the rate over 1 - beta1^t, `unbias` is sqrt(1 - beta2^t).
 * `weightDecay` goes into the gradient; `shrink` multiplies the parameter (1 for Adam, 1 - rate × decay for AdamW).
 */
export function adam(
  p: usize, g: usize, h: usize, m: usize, v: usize, n: i32, pace: f32, beta1: f32, beta2: f32, epsilon: f32, unbias: f32, weightDecay: f32, shrink: f32,
): void {
  const end = p + ((n as usize) << 2), r = splat(pace), b1 = splat(beta1), c1 = splat(1 - beta1), b2 = splat(beta2), c2 = splat(1 - beta2);
  const e = splat(epsilon), q = splat(unbias), w = splat(weightDecay), z = splat(shrink);
  while (p < end) {
    const d = gradient(p, g, h, w), mean = settled(add(mul(b1, load(m)), mul(c1, d)));
    const square = settled(add(mul(b2, load(v)), mul(c2, mul(d, d))));
    store(m, mean);
    store(v, square);
    store(p, sub(mul(z, load(p)), mul(r, f32x4.div(mean, add(f32x4.div(f32x4.sqrt(square), q), e)))));
    p += 16; g += 16; m += 16; v += 16;
    if (h != 0) h += 16;
  }
}
