/** @file Short names for SIMD instructions. All pointers are byte offsets into the one memory; all strides are bytes. */

// @ts-ignore: decorator
@inline export function load(at: usize): v128 { return v128.load(at); }
// @ts-ignore: decorator
@inline export function store(at: usize, value: v128): void { v128.store(at, value); }
// @ts-ignore: decorator
@inline export function splat(value: f32): v128 { return f32x4.splat(value); }
// @ts-ignore: decorator
@inline export function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline export function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
// @ts-ignore: decorator
@inline export function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
/** a * b + c in one rounding where the machine has it. */
// @ts-ignore: decorator
@inline export function madd(a: v128, b: v128, c: v128): v128 { return f32x4.relaxed_madd(a, b, c); }
/** c - a * b. */
// @ts-ignore: decorator
@inline export function nmadd(a: v128, b: v128, c: v128): v128 { return f32x4.relaxed_nmadd(a, b, c); }
/** max(x, 0) that lets NaN through, so that a diverging run shows. */
// @ts-ignore: decorator
@inline export function rectified(x: v128): v128 { return f32x4.pmax(x, splat(0)); }
/** `value` where x > 0 or x is NaN, else 0. */
// @ts-ignore: decorator
@inline export function whereLive(value: v128, x: v128): v128 { return v128.andnot(value, f32x4.le(x, splat(0))); }
