/**
 * @file Convolution as a matrix product: rows are output positions (image by image, line by line), columns the values of their
 * window and four more, 1 0 0 0, so that the bias is one row of the weights. A call works on `count` rows from `from`.
 */

import { add, load, rectified, splat, store, whereLive } from "./_simd";

/**
 * Windows of NCHW planes; columns are (channel, line, column), as ONNX orders weights, then the bias's four, then zeros up to `columns`.
 * Reads up to 12 bytes past the image's end and writes up to 12 past the last row: leave room.
 */
export function patchesOfPlanes(
  x: usize, to: usize, channels: i32, height: i32, width: i32, kernelHeight: i32, kernelWidth: i32, strideDown: i32, strideAcross: i32,
  paddingDown: i32, paddingAcross: i32, outHeight: i32, outWidth: i32, columns: usize, from: i32, count: i32,
): void {
  const size = outHeight * outWidth, row = columns << 2, used = ((channels * kernelHeight * kernelWidth) as usize) << 2;
  let image = from / size, rest = from % size, down = rest / outWidth, across = rest % outWidth;
  for (let k = 0; k < count; k++) {
    const top = down * strideDown - paddingDown, left = across * strideAcross - paddingAcross;
    let plane = x + ((image * channels * height * width) as usize) * 4, o = to;
    if (top >= 0 && left >= 0 && top + kernelHeight <= height && left + kernelWidth <= width) {
      for (let c = 0; c < channels; c++) {
        let s = plane + ((top * width + left) as usize) * 4;
        for (let i = 0; i < kernelHeight; i++) {
          // Four at a time; what is written too much is overwritten by what follows.
          for (let j = 0; j < kernelWidth; j += 4) store(o + ((j as usize) << 2), load(s + ((j as usize) << 2)));
          o += (kernelWidth as usize) << 2;
          s += (width as usize) << 2;
        }
        plane += ((height * width) as usize) << 2;
      }
    } else {
      for (let c = 0; c < channels; c++) {
        for (let i = top; i < top + kernelHeight; i++) {
          for (let j = left; j < left + kernelWidth; j++) {
            f32.store(o, i >= 0 && i < height && j >= 0 && j < width ? f32.load(plane + ((i * width + j) as usize) * 4) : 0);
            o += 4;
          }
        }
        plane += ((height * width) as usize) << 2;
      }
    }
    store(to + used, f32x4(1, 0, 0, 0));
    for (let z = used + 16; z < row; z += 4) f32.store(to + z, 0);
    to += row;
    if (++across == outWidth) { across = 0; if (++down == outHeight) { down = 0; image++; } }
  }
}

/** Windows of NHWC pixels; columns are (line, column, channel), then the bias's four. `channels` is a multiple of 4. */
export function patchesOfPixels(
  x: usize, to: usize, channels: usize, height: i32, width: i32, kernelHeight: i32, kernelWidth: i32, strideDown: i32, strideAcross: i32,
  paddingDown: i32, paddingAcross: i32, outHeight: i32, outWidth: i32, from: i32, count: i32, rectify: bool,
): void {
  const size = outHeight * outWidth, pixel = channels << 2, run = (kernelWidth as usize) * pixel;
  let image = from / size, rest = from % size, down = rest / outWidth, across = rest % outWidth;
  for (let k = 0; k < count; k++) {
    const top = down * strideDown - paddingDown, left = across * strideAcross - paddingAcross;
    const wide = left >= 0 && left + kernelWidth <= width;
    for (let i = top; i < top + kernelHeight; i++) {
      const line = x + (((image * height + i) * width) as usize) * pixel;
      if (i < 0 || i >= height) {
        memory.fill(to, 0, run);
        to += run;
      } else if (wide) {
        copy(line + (left as usize) * pixel, to, run, rectify);
        to += run;
      } else {
        for (let j = left; j < left + kernelWidth; j++) {
          if (j >= 0 && j < width) copy(line + (j as usize) * pixel, to, pixel, rectify);
          else memory.fill(to, 0, pixel);
          to += pixel;
        }
      }
    }
    store(to, f32x4(1, 0, 0, 0));
    to += 16;
    if (++across == outWidth) { across = 0; if (++down == outHeight) { down = 0; image++; } }
  }
}

// @ts-ignore: decorator
@inline function copy(from: usize, to: usize, bytes: usize, rectify: bool): void {
  if (rectify) for (let g: usize = 0; g < bytes; g += 16) store(to + g, rectified(load(from + g)));
  else for (let g: usize = 0; g < bytes; g += 16) store(to + g, load(from + g));
}

/** The adjoint of `patchesOfPixels`: adds to dX, which must be zero before the first call. */
export function patchesOfPixelsBack(
  from0: usize, dx: usize, channels: usize, height: i32, width: i32, kernelHeight: i32, kernelWidth: i32, strideDown: i32, strideAcross: i32,
  paddingDown: i32, paddingAcross: i32, outHeight: i32, outWidth: i32, from: i32, count: i32,
): void {
  const size = outHeight * outWidth, pixel = channels << 2, run = (kernelWidth as usize) * pixel;
  let s = from0, image = from / size, rest = from % size, down = rest / outWidth, across = rest % outWidth;
  for (let k = 0; k < count; k++) {
    const top = down * strideDown - paddingDown, left = across * strideAcross - paddingAcross;
    const first = max(0, -left), last = min(kernelWidth, width - left);
    const bytes: usize = last > first ? ((last - first) as usize) * pixel : 0;
    for (let i = top; i < top + kernelHeight; i++) {
      if (i >= 0 && i < height) {
        const o = dx + (((image * height + i) * width + left + first) as usize) * pixel, t = s + (first as usize) * pixel;
        for (let g: usize = 0; g < bytes; g += 16) store(o + g, add(load(o + g), load(t + g)));
      }
      s += run;
    }
    s += 16;
    if (++across == outWidth) { across = 0; if (++down == outHeight) { down = 0; image++; } }
  }
}

/** dX = 0 where X ≤ 0. */
export function rectifyBack(x: usize, dx: usize, bytes: usize): void {
  for (let g: usize = 0; g < bytes; g += 16) store(dx + g, whereLive(load(dx + g), load(x + g)));
}

/** to += from. */
export function addTo(to: usize, from: usize, bytes: usize): void {
  for (let g: usize = 0; g < bytes; g += 16) store(to + g, add(load(to + g), load(from + g)));
}

/** NHWC with `padded` channels → NCHW with `channels`. */
export function pixelsToPlanes(x: usize, y: usize, images: i32, channels: i32, padded: i32, size: i32): void {
  for (let n = 0; n < images; n++) {
    for (let c = 0; c < channels; c++) {
      let s = x + ((n * size * padded + c) as usize) * 4;
      for (let k = 0; k < size; k++) { f32.store(y, f32.load(s)); y += 4; s += (padded as usize) << 2; }
    }
  }
}

/** NCHW with `channels` → NHWC with `padded`; the others become zero. */
export function planesToPixels(y: usize, x: usize, images: i32, channels: i32, padded: i32, size: i32): void {
  if (padded > channels) memory.fill(x, 0, ((images * size * padded) as usize) << 2);
  for (let n = 0; n < images; n++) {
    for (let c = 0; c < channels; c++) {
      let o = x + ((n * size * padded + c) as usize) * 4;
      for (let k = 0; k < size; k++) { f32.store(o, f32.load(y)); y += 4; o += (padded as usize) << 2; }
    }
  }
}

/** ReLU of `bytes` of X into Y. */
export function rectifyInto(x: usize, y: usize, bytes: usize): void {
  for (let g: usize = 0; g < bytes; g += 16) store(y + g, rectified(load(x + g)));
}

/** Random bytes from the four xorshift32 states at `random`; rounded up to 16. */
export function randomBytes(random: usize, to: usize, bytes: usize): void {
  let draw = load(random);
  for (let k: usize = 0; k < bytes; k += 16) {
    draw = v128.xor(draw, i32x4.shl(draw, 13)); draw = v128.xor(draw, i32x4.shr_u(draw, 17)); draw = v128.xor(draw, i32x4.shl(draw, 5));
    store(to + k, draw);
  }
  store(random, draw);
}

/** Dropout of `bytes` of X into Y; `mask` gets 0 or -1 for each value: -1 was dropped. X through ReLU first where `rectify`. */
export function dropout(x: usize, y: usize, mask: usize, bytes: usize, rectify: bool, random: usize, threshold: u32, scale: f32): void {
  const limit = i32x4.splat(threshold), factor = splat(scale), least = rectify ? splat(0) : splat(-Infinity);
  let draw = load(random);
  for (let g: usize = 0; g < bytes; g += 16) {
    draw = v128.xor(draw, i32x4.shl(draw, 13)); draw = v128.xor(draw, i32x4.shr_u(draw, 17)); draw = v128.xor(draw, i32x4.shl(draw, 5));
    const m = load(x + g), live = v128.andnot(i32x4.ge_u(draw, limit), f32x4.le(m, least));
    store(y + g, v128.and(f32x4.mul(m, factor), live));
    store(mask + g, v128.not(live));
  }
  store(random, draw);
}

/** The adjoint of `dropout`. */
export function dropoutBack(dy: usize, mask: usize, dx: usize, bytes: usize, scale: f32): void {
  const factor = splat(scale);
  for (let g: usize = 0; g < bytes; g += 16) store(dx + g, v128.andnot(f32x4.mul(load(dy + g), factor), load(mask + g)));
}
