/** @file Pooling and batch normalisation of NHWC images; channel counts are multiples of 4. */

import { add, load, madd, mul, nmadd, rectified, splat, store, sub, whereLive } from "./_simd";

/**
 * Max pool of any window; `code` gets the byte offset of the winner within its image, for each channel. X through ReLU where `rectify`
 * (then a winner that is not over zero passes nothing back: its code is -1).
 */
export function maxPool(
  x: usize, y: usize, code: usize, images: i32, channels: usize, height: i32, width: i32, sizeDown: i32, sizeAcross: i32,
  strideDown: i32, strideAcross: i32, outHeight: i32, outWidth: i32, rectify: bool,
): void {
  const pixel = channels << 2, image = ((height * width) as usize) * pixel;
  const lane = i32x4(0, 4, 8, 12);
  for (let n = 0; n < images; n++) {
    for (let down = 0; down < outHeight; down++) {
      for (let across = 0; across < outWidth; across++) {
        const corner = ((down * strideDown * width + across * strideAcross) as usize) * pixel;
        for (let g: usize = 0; g < pixel; g += 16) {
          let m = load(x + corner + g), won = i32x4.splat((corner + g) as i32);
          for (let i = 0; i < sizeDown; i++) {
            for (let j = 0; j < sizeAcross; j++) {
              const at = corner + ((i * width + j) as usize) * pixel + g, value = load(x + at), less = f32x4.le(value, m);
              m = v128.bitselect(m, value, less);
              won = v128.bitselect(won, i32x4.splat(at as i32), less);
            }
          }
          won = i32x4.add(won, lane);
          if (rectify) {
            won = v128.or(won, f32x4.le(m, splat(0)));
            m = rectified(m);
          }
          store(y + g, m);
          store(code + g, won);
        }
        y += pixel;
        code += pixel;
      }
    }
    x += image;
  }
}

/** dX must be zero before. */
export function maxPoolBack(dy: usize, code: usize, dx: usize, images: i32, imageBytes: usize, outBytes: usize): void {
  for (let n = 0; n < images; n++) {
    for (let k: usize = 0; k < outBytes; k += 4) {
      const at = i32.load(code + k);
      if (at >= 0) f32.store(dx + (at as usize), f32.load(dx + (at as usize)) + f32.load(dy + k));
    }
    dy += outBytes;
    code += outBytes;
    dx += imageBytes;
  }
}

/** 2×2 max pool with stride 2, [ReLU], dropout; `code` as in `winogradOutputPool`. */
export function pool2(
  x: usize, y: usize, code: usize, images: i32, channels: usize, height: i32, width: i32, rectify: bool, random: usize, threshold: u32, scale: f32,
): void {
  const pixel = channels << 2, line = (width as usize) * pixel, outHeight = height >> 1, outWidth = width >> 1;
  const limit = i32x4.splat(threshold), factor = splat(scale), least = rectify ? splat(0) : splat(-Infinity);
  let draw = load(random);
  for (let n = 0; n < images; n++) {
    for (let down = 0; down < outHeight; down++) {
      let s = x + (((n * height + down * 2) * width) as usize) * pixel;
      for (let across = 0; across < outWidth; across++) {
        for (let g: usize = 0; g < pixel; g += 16) {
          const y1 = load(s + pixel + g), y2 = load(s + line + g), y3 = load(s + line + pixel + g);
          let m = load(s + g), won = i32x4.splat(0);
          let less = f32x4.le(y1, m); m = v128.bitselect(m, y1, less); won = v128.bitselect(won, i32x4.splat(1), less);
          less = f32x4.le(y2, m); m = v128.bitselect(m, y2, less); won = v128.bitselect(won, i32x4.splat(2), less);
          less = f32x4.le(y3, m); m = v128.bitselect(m, y3, less); won = v128.bitselect(won, i32x4.splat(3), less);
          draw = v128.xor(draw, i32x4.shl(draw, 13)); draw = v128.xor(draw, i32x4.shr_u(draw, 17)); draw = v128.xor(draw, i32x4.shl(draw, 5));
          const live = v128.andnot(i32x4.ge_u(draw, limit), f32x4.le(m, least));
          store(y + g, v128.and(mul(m, factor), live));
          store(code + g, v128.or(won, v128.not(live)));
        }
        y += pixel;
        code += pixel;
        s += 2 * pixel;
      }
    }
  }
  store(random, draw);
}

/** Writes all of dX. */
export function pool2Back(dy: usize, code: usize, dx: usize, images: i32, channels: usize, height: i32, width: i32, scale: f32): void {
  const pixel = channels << 2, line = (width as usize) * pixel, outHeight = height >> 1, outWidth = width >> 1, factor = splat(scale);
  if ((height & 1) | (width & 1)) memory.fill(dx, 0, ((images * height) as usize) * line);
  const i0 = i32x4.splat(0), i1 = i32x4.splat(1), i2 = i32x4.splat(2), i3 = i32x4.splat(3);
  for (let n = 0; n < images; n++) {
    for (let down = 0; down < outHeight; down++) {
      let o = dx + (((n * height + down * 2) * width) as usize) * pixel;
      for (let across = 0; across < outWidth; across++) {
        for (let g: usize = 0; g < pixel; g += 16) {
          const d = mul(load(dy + g), factor), k = load(code + g);
          store(o + g, v128.and(d, i32x4.eq(k, i0)));
          store(o + pixel + g, v128.and(d, i32x4.eq(k, i1)));
          store(o + line + g, v128.and(d, i32x4.eq(k, i2)));
          store(o + line + pixel + g, v128.and(d, i32x4.eq(k, i3)));
        }
        dy += pixel;
        code += pixel;
        o += 2 * pixel;
      }
    }
  }
}

/** Mean of each window; X through ReLU where `rectify`. */
export function averagePool(
  x: usize, y: usize, images: i32, channels: usize, height: i32, width: i32, sizeDown: i32, sizeAcross: i32,
  strideDown: i32, strideAcross: i32, outHeight: i32, outWidth: i32, rectify: bool,
): void {
  const pixel = channels << 2, share = splat(1 / ((sizeDown * sizeAcross) as f32));
  for (let n = 0; n < images; n++) {
    for (let down = 0; down < outHeight; down++) {
      for (let across = 0; across < outWidth; across++) {
        const corner = x + (((n * height + down * strideDown) * width + across * strideAcross) as usize) * pixel;
        for (let g: usize = 0; g < pixel; g += 16) {
          let sum = splat(0);
          for (let i = 0; i < sizeDown; i++) {
            for (let j = 0; j < sizeAcross; j++) {
              const value = load(corner + ((i * width + j) as usize) * pixel + g);
              sum = add(sum, rectify ? rectified(value) : value);
            }
          }
          store(y + g, mul(sum, share));
        }
        y += pixel;
      }
    }
  }
}

/** dX must be zero before. */
export function averagePoolBack(
  dy: usize, dx: usize, images: i32, channels: usize, height: i32, width: i32, sizeDown: i32, sizeAcross: i32,
  strideDown: i32, strideAcross: i32, outHeight: i32, outWidth: i32,
): void {
  const pixel = channels << 2, share = splat(1 / ((sizeDown * sizeAcross) as f32));
  for (let n = 0; n < images; n++) {
    for (let down = 0; down < outHeight; down++) {
      for (let across = 0; across < outWidth; across++) {
        const corner = dx + (((n * height + down * strideDown) * width + across * strideAcross) as usize) * pixel;
        for (let g: usize = 0; g < pixel; g += 16) {
          const d = mul(load(dy + g), share);
          for (let i = 0; i < sizeDown; i++) {
            for (let j = 0; j < sizeAcross; j++) {
              const o = corner + ((i * width + j) as usize) * pixel + g;
              store(o, add(load(o), d));
            }
          }
        }
        dy += pixel;
      }
    }
  }
}

/** Mean and (biased) variance of each channel over `rows` pixels, in two passes: no cancellation. X through ReLU where `rectify`. */
export function moments(x: usize, mean: usize, variance: usize, rows: i32, channels: usize, rectify: bool): void {
  const pixel = channels << 2, share = splat(1 / (rows as f32));
  memory.fill(mean, 0, pixel);
  memory.fill(variance, 0, pixel);
  let s = x;
  for (let r = 0; r < rows; r++) {
    for (let g: usize = 0; g < pixel; g += 16) {
      const v = load(s + g);
      store(mean + g, add(load(mean + g), rectify ? rectified(v) : v));
    }
    s += pixel;
  }
  for (let g: usize = 0; g < pixel; g += 16) store(mean + g, mul(load(mean + g), share));
  s = x;
  for (let r = 0; r < rows; r++) {
    for (let g: usize = 0; g < pixel; g += 16) {
      const v = load(s + g), d = sub(rectify ? rectified(v) : v, load(mean + g));
      store(variance + g, madd(d, d, load(variance + g)));
    }
    s += pixel;
  }
  for (let g: usize = 0; g < pixel; g += 16) store(variance + g, mul(load(variance + g), share));
}

/** y = x · factor + shift, by channel. */
export function scaleShift(x: usize, y: usize, factor: usize, shift: usize, rows: i32, channels: usize, rectify: bool): void {
  const pixel = channels << 2;
  for (let r = 0; r < rows; r++) {
    for (let g: usize = 0; g < pixel; g += 16) {
      const v = load(x + g);
      store(y + g, madd(rectify ? rectified(v) : v, load(factor + g), load(shift + g)));
    }
    x += pixel;
    y += pixel;
  }
}

/**
 * Sums over rows of dY and of dY · x̂, where x̂ = (x − mean) · inverse: the gradients of shift and scale.
 */
export function normSums(
  x: usize, dy: usize, mean: usize, inverse: usize, dshift: usize, dscale: usize, rows: i32, channels: usize, rectify: bool,
): void {
  const pixel = channels << 2;
  memory.fill(dshift, 0, pixel);
  memory.fill(dscale, 0, pixel);
  for (let r = 0; r < rows; r++) {
    for (let g: usize = 0; g < pixel; g += 16) {
      const v = load(x + g), d = load(dy + g), h = mul(sub(rectify ? rectified(v) : v, load(mean + g)), load(inverse + g));
      store(dshift + g, add(load(dshift + g), d));
      store(dscale + g, madd(d, h, load(dscale + g)));
    }
    x += pixel;
    dy += pixel;
  }
}

/**
 * dX = factor · (dY − share · (dshift + x̂ · dscale)), with factor = scale · inverse; share is 1/rows where the moments are the
 * batch's own, and 0 where they are constants. Masked by X > 0 where `rectify`.
 */
export function normBack(
  x: usize, dy: usize, dx: usize, mean: usize, inverse: usize, factor: usize, dshift: usize, dscale: usize,
  rows: i32, channels: usize, share: f32, rectify: bool,
): void {
  const pixel = channels << 2, part = splat(share);
  for (let r = 0; r < rows; r++) {
    for (let g: usize = 0; g < pixel; g += 16) {
      const raw = load(x + g), v = rectify ? rectified(raw) : raw, h = mul(sub(v, load(mean + g)), load(inverse + g));
      const d = mul(load(factor + g), nmadd(part, madd(h, load(dscale + g), load(dshift + g)), load(dy + g)));
      store(dx + g, rectify ? whereLive(d, raw) : d);
    }
    x += pixel;
    dy += pixel;
    dx += pixel;
  }
}
