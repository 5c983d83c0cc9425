/**
 * @file 3×3 convolution, stride 1, by Winograd's F(4×4, 3×3) (Lavin and Gray, 2015): input, output and weight transforms and
 * their exact adjoints. The products of the 36 planes are done outside. Images are NHWC, channel counts are multiples of 4,
 * sizes are free: tiles that stick out read zeros and write nothing.
 *
 * A tile makes 4×4 outputs of 6×6 inputs. Tiles are numbered image by image, row by row; a call works on `count` tiles from
 * `from`. `plane` is the distance in bytes between two of the 36 planes; `scratch` has room for 36 × channels + 128 floats.
 */

import { add, load, madd, mul, nmadd, rectified, splat, store, sub, whereLive } from "./_simd";

/** 6 values to 6: Bᵀ. */
// @ts-ignore: decorator
@inline function inputTransform(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, o: usize, step: usize): void {
  const four = splat(4), five = splat(5);
  const a = nmadd(four, d2, d4), b = nmadd(four, d1, d3), e = sub(d4, d2), f0 = sub(d3, d1), f = add(f0, f0);
  store(o, madd(four, d0, nmadd(five, d2, d4)));
  store(o + step, add(a, b));
  store(o + 2 * step, sub(a, b));
  store(o + 3 * step, add(e, f));
  store(o + 4 * step, sub(e, f));
  store(o + 5 * step, madd(four, d1, nmadd(five, d3, d5)));
}

/** 6 values to 4: Aᵀ. */
// @ts-ignore: decorator
@inline function outputTransform(s: usize, from: usize, o: usize, step: usize): void {
  const m0 = load(s), m1 = load(s + from), m2 = load(s + 2 * from), m3 = load(s + 3 * from), m4 = load(s + 4 * from), m5 = load(s + 5 * from);
  const a = add(m1, m2), b = sub(m1, m2), c = add(m3, m4), d = sub(m3, m4);
  store(o, add(add(m0, a), c));
  store(o + step, madd(splat(2), d, b));
  store(o + 2 * step, madd(splat(4), c, a));
  store(o + 3 * step, add(madd(splat(8), d, b), m5));
}

/** 4 values to 6: A. */
// @ts-ignore: decorator
@inline function outputAdjoint(y0: v128, y1: v128, y2: v128, y3: v128, o: usize, step: usize): void {
  const e = add(y0, y2), f = add(y1, y3), e2 = madd(splat(4), y2, y0), f0 = madd(splat(4), y3, y1), f2 = add(f0, f0);
  store(o, y0);
  store(o + step, add(e, f));
  store(o + 2 * step, sub(e, f));
  store(o + 3 * step, add(e2, f2));
  store(o + 4 * step, sub(e2, f2));
  store(o + 5 * step, y3);
}

/** X[n][height][width][channels] → V[36][…][channels]. `rectify`: X is taken through ReLU. */
export function winogradInput(
  x: usize, v: usize, height: i32, width: i32, channels: usize, padding: i32, tilesDown: i32, tilesAcross: i32,
  from: i32, count: i32, plane: usize, scratch: usize, rectify: bool,
): void {
  const pixel = channels << 2, line = pixel * width, lanes = scratch + 36 * pixel;
  let image = from / (tilesDown * tilesAcross), rest = from % (tilesDown * tilesAcross);
  let down = rest / tilesAcross, across = rest % tilesAcross;
  for (let k = 0; k < count; k++) {
    const top = down * 4 - padding, left = across * 4 - padding;
    let source: usize, sourceLine: usize;
    if (top >= 0 && left >= 0 && top + 6 <= height && left + 6 <= width) {
      source = x + (((image * height + top) * width + left) as usize) * pixel;
      sourceLine = line;
    } else {
      gatherTile(x + ((image * height) as usize) * line, height, width, top, left, pixel, scratch);
      source = scratch;
      sourceLine = 6 * pixel;
    }
    for (let g: usize = 0; g < pixel; g += 16) {
      for (let c: usize = 0; c < 6; c++) {
        const s = source + g + c * pixel;
        let d0 = load(s), d1 = load(s + sourceLine), d2 = load(s + 2 * sourceLine);
        let d3 = load(s + 3 * sourceLine), d4 = load(s + 4 * sourceLine), d5 = load(s + 5 * sourceLine);
        if (rectify) {
          d0 = rectified(d0); d1 = rectified(d1); d2 = rectified(d2);
          d3 = rectified(d3); d4 = rectified(d4); d5 = rectified(d5);
        }
        inputTransform(d0, d1, d2, d3, d4, d5, lanes + c * 16, 96);
      }
      for (let r: usize = 0; r < 6; r++) {
        const s = lanes + r * 96;
        inputTransform(load(s), load(s + 16), load(s + 32), load(s + 48), load(s + 64), load(s + 80), v + g + r * 6 * plane, plane);
      }
    }
    v += pixel;
    if (++across == tilesAcross) { across = 0; if (++down == tilesDown) { down = 0; image++; } }
  }
}

/** Copies a 6×6 tile, with zeros where it sticks out of the image. */
function gatherTile(image: usize, height: i32, width: i32, top: i32, left: i32, pixel: usize, to: usize): void {
  for (let r = top; r < top + 6; r++) {
    for (let c = left; c < left + 6; c++) {
      if (r >= 0 && r < height && c >= 0 && c < width) memory.copy(to, image + ((r * width + c) as usize) * pixel, pixel);
      else memory.fill(to, 0, pixel);
      to += pixel;
    }
  }
}

// @ts-ignore: decorator
@inline function inputAdjoint(s: usize, from: usize, o: usize, step: usize): void {
  const v0 = load(s), v1 = load(s + from), v2 = load(s + 2 * from), v3 = load(s + 3 * from), v4 = load(s + 4 * from), v5 = load(s + 5 * from);
  const four = splat(4), a = add(v1, v2), b = sub(v1, v2), c = add(v3, v4), d = sub(v3, v4), d2 = add(d, d);
  store(o, mul(four, v0));
  store(o + step, sub(mul(four, sub(v5, b)), d2));
  store(o + 2 * step, sub(mul(splat(-5), v0), madd(four, a, c)));
  store(o + 3 * step, nmadd(splat(5), v5, add(b, d2)));
  store(o + 4 * step, add(add(v0, a), c));
  store(o + 5 * step, v5);
}

/**
 * dV → dX. A pixel lies in up to four tiles: the first to reach it stores, the others add, and the last one applies the ReLU's
 * mask (`rectify`: dX is 0 where X ≤ 0), so that dX needs neither clearing nor a pass of its own. Tiles must come in order, all of an image.
 */
export function winogradInputBack(
  dv: usize, x: usize, dx: usize, height: i32, width: i32, channels: usize, padding: i32, tilesDown: i32, tilesAcross: i32,
  from: i32, count: i32, plane: usize, scratch: usize, rectify: bool,
): void {
  const pixel = channels << 2, line = pixel * width, lanes = scratch + 36 * pixel;
  let image = from / (tilesDown * tilesAcross), rest = from % (tilesDown * tilesAcross);
  let down = rest / tilesAcross, across = rest % tilesAcross;
  for (let k = 0; k < count; k++) {
    const top = down * 4 - padding, left = across * 4 - padding;
    const inside = top >= 0 && left >= 0 && top + 6 <= height && left + 6 <= width;
    const lastDown = down == tilesDown - 1, lastAcross = across == tilesAcross - 1;
    const offset = (((image * height + top) * width + left) as usize) * pixel;
    const leftAdds = i32x4.splat(across > 0 ? -1 : 0);
    const rightOpen = i32x4.splat(!rectify || !lastAcross ? -1 : 0);
    for (let g: usize = 0; g < pixel; g += 16) {
      for (let c: usize = 0; c < 6; c++) inputAdjoint(dv + g + c * plane, 6 * plane, lanes + c * 16, 96);
      if (inside) {
        for (let r: usize = 0; r < 6; r++) {
          const s = lanes + r * 96, o = dx + offset + g + r * line, xs = x + offset + g + r * line;
          const v0 = load(s), v1 = load(s + 16), v2 = load(s + 32), v3 = load(s + 48), v4 = load(s + 64), v5 = load(s + 80);
          const four = splat(4), a = add(v1, v2), b = sub(v1, v2), cc = add(v3, v4), d = sub(v3, v4), d2 = add(d, d);
          let p0 = mul(four, v0), p1 = sub(mul(four, sub(v5, b)), d2), p2 = sub(mul(splat(-5), v0), madd(four, a, cc));
          let p3 = nmadd(splat(5), v5, add(b, d2)), p4 = add(add(v0, a), cc), p5 = v5;
          if (r < 2 && down > 0) {
            p0 = add(p0, load(o)); p1 = add(p1, load(o + pixel)); p2 = add(p2, load(o + 2 * pixel));
            p3 = add(p3, load(o + 3 * pixel)); p4 = add(p4, load(o + 4 * pixel)); p5 = add(p5, load(o + 5 * pixel));
          } else {
            p0 = add(p0, v128.and(load(o), leftAdds)); p1 = add(p1, v128.and(load(o + pixel), leftAdds));
          }
          if (rectify && (r < 4 || lastDown)) {
            p0 = whereLive(p0, load(xs)); p1 = whereLive(p1, load(xs + pixel));
            p2 = whereLive(p2, load(xs + 2 * pixel)); p3 = whereLive(p3, load(xs + 3 * pixel));
            p4 = v128.bitselect(p4, whereLive(p4, load(xs + 4 * pixel)), rightOpen);
            p5 = v128.bitselect(p5, whereLive(p5, load(xs + 5 * pixel)), rightOpen);
          }
          store(o, p0); store(o + pixel, p1); store(o + 2 * pixel, p2);
          store(o + 3 * pixel, p3); store(o + 4 * pixel, p4); store(o + 5 * pixel, p5);
        }
      } else {
        for (let r = 0; r < 6; r++) {
          inputAdjoint(lanes + r * 96, 16, scratch, 16);
          const y = top + r;
          if (y < 0 || y >= height) continue;
          for (let c = 0; c < 6; c++) {
            const z = left + c;
            if (z < 0 || z >= width) continue;
            const at = (((image * height + y) * width + z) as usize) * pixel + g;
            let p = load(scratch + ((c as usize) << 4));
            if ((r < 2 && down > 0) || (c < 2 && across > 0)) p = add(p, load(dx + at));
            if (rectify && (r < 4 || lastDown) && (c < 4 || lastAcross)) p = whereLive(p, load(x + at));
            store(dx + at, p);
          }
        }
      }
    }
    dv += pixel;
    if (++across == tilesAcross) { across = 0; if (++down == tilesDown) { down = 0; image++; } }
  }
}

/** P[36][…][channels] → Y[n][height][width][channels] (the convolution's own output size), plus the bias. */
export function winogradOutput(
  p: usize, bias: usize, y: usize, height: i32, width: i32, channels: usize, tilesDown: i32, tilesAcross: i32,
  from: i32, count: i32, plane: usize, scratch: usize,
): void {
  const pixel = channels << 2, cells = scratch + 384;
  let image = from / (tilesDown * tilesAcross), rest = from % (tilesDown * tilesAcross);
  let down = rest / tilesAcross, across = rest % tilesAcross;
  for (let k = 0; k < count; k++) {
    const rows = min(4, height - down * 4), columns = min(4, width - across * 4);
    const o0 = y + (((image * height + down * 4) * width + across * 4) as usize) * pixel;
    for (let g: usize = 0; g < pixel; g += 16) {
      const b = load(bias + g);
      for (let c: usize = 0; c < 6; c++) outputTransform(p + g + c * plane, 6 * plane, scratch + c * 16, 96);
      for (let r = 0; r < rows; r++) {
        outputTransform(scratch + r * 96, 16, cells, 16);
        let o = o0 + g + ((r * width) as usize) * pixel;
        for (let c = 0; c < columns; c++) { store(o, add(load(cells + ((c as usize) << 4)), b)); o += pixel; }
      }
    }
    p += pixel;
    if (++across == tilesAcross) { across = 0; if (++down == tilesDown) { down = 0; image++; } }
  }
}

/** dY → dP, the adjoint of `winogradOutput`; adds to the bias's gradient. */
export function winogradOutputBack(
  dy: usize, dp: usize, dbias: usize, height: i32, width: i32, channels: usize, tilesDown: i32, tilesAcross: i32,
  from: i32, count: i32, plane: usize, scratch: usize,
): void {
  const pixel = channels << 2, line = ((width as usize) * pixel);
  let image = from / (tilesDown * tilesAcross), rest = from % (tilesDown * tilesAcross);
  let down = rest / tilesAcross, across = rest % tilesAcross;
  for (let k = 0; k < count; k++) {
    const rows = min(4, height - down * 4), columns = min(4, width - across * 4);
    const s0 = dy + (((image * height + down * 4) * width + across * 4) as usize) * pixel;
    for (let g: usize = 0; g < pixel; g += 16) {
      let sum = load(dbias + g);
      for (let c = 0; c < 4; c++) {
        const zero = splat(0);
        let y0 = zero, y1 = zero, y2 = zero, y3 = zero;
        if (c < columns) {
          const s = s0 + g + (c as usize) * pixel;
          y0 = load(s);
          if (rows > 1) y1 = load(s + line);
          if (rows > 2) y2 = load(s + 2 * line);
          if (rows > 3) y3 = load(s + 3 * line);
        }
        sum = add(sum, add(add(y0, y1), add(y2, y3)));
        outputAdjoint(y0, y1, y2, y3, scratch + ((c as usize) << 4), 64);
      }
      store(dbias + g, sum);
      for (let r: usize = 0; r < 6; r++) {
        const s = scratch + r * 64;
        outputAdjoint(load(s), load(s + 16), load(s + 32), load(s + 48), dp + g + r * 6 * plane, plane);
      }
    }
    dp += pixel;
    if (++across == tilesAcross) { across = 0; if (++down == tilesDown) { down = 0; image++; } }
  }
}

/** One step of four xorshift32 generators. */
// @ts-ignore: decorator
@inline function drawNext(draw: v128): v128 {
  draw = v128.xor(draw, i32x4.shl(draw, 13));
  draw = v128.xor(draw, i32x4.shr_u(draw, 17));
  return v128.xor(draw, i32x4.shl(draw, 5));
}

/** Pools four values, adds the bias, and stores what is left and who won. The first of equals wins, as in PyTorch; a NaN wins over numbers. */
// @ts-ignore: decorator
@inline function finishCell(
  y0: v128, y1: v128, y2: v128, y3: v128, bias: v128, least: v128, draw: v128, limit: v128, factor: v128, y: usize, code: usize,
): void {
  let m = y0, won = i32x4.splat(0);
  let less = f32x4.le(y1, m); m = v128.bitselect(m, y1, less); won = v128.andnot(i32x4.splat(1), less);
  less = f32x4.le(y2, m); m = v128.bitselect(m, y2, less); won = v128.bitselect(won, i32x4.splat(2), less);
  less = f32x4.le(y3, m); m = v128.bitselect(m, y3, less); won = v128.bitselect(won, i32x4.splat(3), less);
  m = add(m, bias);
  const live = v128.andnot(i32x4.ge_u(draw, limit), f32x4.le(m, least));
  store(y, v128.and(mul(m, factor), live));
  store(code, v128.or(won, v128.not(live)));
}

/**
 * P → bias, 2×2 max pool, [ReLU], dropout → Y[n][height/2][width/2][channels], with `height` and `width` the convolution's own.
 * `code` gets, for each output, which of the four won (0..3) or -1 where nothing flows back. `random` holds four xorshift32
 * states; a value is kept where its draw is at least `threshold`, and multiplied by `scale`.
 */
export function winogradOutputPool(
  p: usize, bias: usize, y: usize, code: usize, height: i32, width: i32, channels: usize, tilesDown: i32, tilesAcross: i32,
  from: i32, count: i32, plane: usize, scratch: usize, rectify: bool, random: usize, threshold: u32, scale: f32,
): void {
  const pixel = channels << 2, pooledHeight = height >> 1, pooledWidth = width >> 1;
  const limit = i32x4.splat(threshold), factor = splat(scale), least = rectify ? splat(0) : splat(-Infinity);
  let draw = load(random);
  let image = from / (tilesDown * tilesAcross), rest = from % (tilesDown * tilesAcross);
  let down = rest / tilesAcross, across = rest % tilesAcross;
  for (let k = 0; k < count; k++) {
    const columns = min(2, pooledWidth - across * 2);
    // A tile that sticks out may hold no whole window.
    const rows = columns > 0 ? min(2, pooledHeight - down * 2) : 0;
    const o0 = (((image * pooledHeight + down * 2) * pooledWidth + across * 2) as usize) * pixel;
    for (let g: usize = 0; g < pixel; g += 16) {
      const b = load(bias + g);
      for (let c: usize = 0; c < 6; c++) outputTransform(p + g + c * plane, 6 * plane, scratch + c * 16, 96);
      for (let py = 0; py < rows; py++) {
        // Two lines of outputs stay in registers: nothing but the pooled values is stored.
        const s = scratch + (py as usize) * 192, o = o0 + ((py * pooledWidth) as usize) * pixel + g;
        const m1 = load(s + 16), m2 = load(s + 32), m3 = load(s + 48), m4 = load(s + 64);
        const n1 = load(s + 112), n2 = load(s + 128), n3 = load(s + 144), n4 = load(s + 160);
        const ma = add(m1, m2), mb = sub(m1, m2), mc = add(m3, m4), md = sub(m3, m4);
        const na = add(n1, n2), nb = sub(n1, n2), nc = add(n3, n4), nd = sub(n3, n4);
        draw = drawNext(draw);
        finishCell(
          add(add(load(s), ma), mc), madd(splat(2), md, mb), add(add(load(s + 96), na), nc), madd(splat(2), nd, nb),
          b, least, draw, limit, factor, y + o, code + o);
        if (columns > 1) {
          draw = drawNext(draw);
          finishCell(
            madd(splat(4), mc, ma), add(madd(splat(8), md, mb), load(s + 80)), madd(splat(4), nc, na), add(madd(splat(8), nd, nb), load(s + 176)),
            b, least, draw, limit, factor, y + o + pixel, code + o + pixel);
        }
      }
    }
    p += pixel;
    if (++across == tilesAcross) { across = 0; if (++down == tilesDown) { down = 0; image++; } }
  }
  store(random, draw);
}

/** dY and `code` → dP, the adjoint of `winogradOutputPool`; adds to the bias's gradient. */
export function winogradOutputPoolBack(
  dy: usize, code: usize, dp: usize, dbias: usize, height: i32, width: i32, channels: usize, tilesDown: i32, tilesAcross: i32,
  from: i32, count: i32, plane: usize, scratch: usize, scale: f32,
): void {
  const pixel = channels << 2, pooledHeight = height >> 1, pooledWidth = width >> 1, line = (pooledWidth as usize) * pixel;
  const factor = splat(scale), none = i32x4.splat(-1);
  const i0 = i32x4.splat(0), i1 = i32x4.splat(1), i2 = i32x4.splat(2), i3 = i32x4.splat(3);
  let image = from / (tilesDown * tilesAcross), rest = from % (tilesDown * tilesAcross);
  let down = rest / tilesAcross, across = rest % tilesAcross;
  for (let k = 0; k < count; k++) {
    const rows = pooledHeight - down * 2, columns = pooledWidth - across * 2;
    const o0 = (((image * pooledHeight + down * 2) * pooledWidth + across * 2) as usize) * pixel;
    for (let g: usize = 0; g < pixel; g += 16) {
      let sum = load(dbias + g);
      for (let px = 0; px < 2; px++) {
        const oa = o0 + (px as usize) * pixel + g, ob = oa + line;
        let ka = none, kb = none, da = splat(0), db = splat(0);
        if (px < columns) {
          if (rows > 0) { ka = load(code + oa); da = v128.andnot(mul(load(dy + oa), factor), i32x4.shr_s(ka, 31)); }
          if (rows > 1) { kb = load(code + ob); db = v128.andnot(mul(load(dy + ob), factor), i32x4.shr_s(kb, 31)); }
        }
        sum = add(sum, add(da, db));
        const to = scratch + ((px as usize) << 5);
        outputAdjoint(
          v128.and(da, i32x4.eq(ka, i0)), v128.and(da, i32x4.eq(ka, i2)), v128.and(db, i32x4.eq(kb, i0)), v128.and(db, i32x4.eq(kb, i2)), to, 64);
        outputAdjoint(
          v128.and(da, i32x4.eq(ka, i1)), v128.and(da, i32x4.eq(ka, i3)), v128.and(db, i32x4.eq(kb, i1)), v128.and(db, i32x4.eq(kb, i3)), to + 16, 64);
      }
      store(dbias + g, sum);
      for (let r: usize = 0; r < 6; r++) {
        const s = scratch + r * 64;
        outputAdjoint(load(s), load(s + 16), load(s + 32), load(s + 48), dp + g + r * 6 * plane, plane);
      }
    }
    dp += pixel;
    if (++across == tilesAcross) { across = 0; if (++down == tilesDown) { down = 0; image++; } }
  }
}

// @ts-ignore: decorator
@inline function weightTransform(s: usize, from: usize, o: usize, step: usize): void {
  const g0 = load(s), g1 = load(s + from), g2 = load(s + 2 * from), sixth = splat(-1.0 / 6);
  const a = add(g0, g2), e = madd(splat(1.0 / 24), g0, mul(splat(1.0 / 6), g2)), f = mul(splat(1.0 / 12), g1);
  store(o, mul(splat(0.25), g0));
  store(o + step, mul(sixth, add(a, g1)));
  store(o + 2 * step, mul(sixth, sub(a, g1)));
  store(o + 3 * step, add(e, f));
  store(o + 4 * step, sub(e, f));
  store(o + 5 * step, g2);
}

// @ts-ignore: decorator
@inline function weightAdjoint(s: usize, from: usize, o: usize, step: usize): void {
  const u0 = load(s), u1 = load(s + from), u2 = load(s + 2 * from), u3 = load(s + 3 * from), u4 = load(s + 4 * from), u5 = load(s + 5 * from);
  const sixth = splat(1.0 / 6), a = mul(sixth, add(u1, u2)), b = mul(sixth, sub(u1, u2)), c = add(u3, u4), d = sub(u3, u4);
  store(o, madd(splat(1.0 / 24), c, sub(mul(splat(0.25), u0), a)));
  store(o + step, sub(mul(splat(1.0 / 12), d), b));
  store(o + 2 * step, add(sub(mul(sixth, c), a), u5));
}

/** w[9][bytes] → U[36][bytes]: `bytes` of input channels × filters. */
export function winogradWeights(w: usize, u: usize, bytes: usize, scratch: usize): void {
  for (let g: usize = 0; g < bytes; g += 16) {
    for (let c: usize = 0; c < 3; c++) weightTransform(w + g + c * bytes, 3 * bytes, scratch + c * 16, 48);
    for (let r: usize = 0; r < 6; r++) weightTransform(scratch + r * 48, 16, u + g + r * 6 * bytes, bytes);
  }
}

/** dU → dw, the adjoint of `winogradWeights`. */
export function winogradWeightsBack(du: usize, dw: usize, bytes: usize, scratch: usize): void {
  for (let g: usize = 0; g < bytes; g += 16) {
    for (let c: usize = 0; c < 6; c++) weightAdjoint(du + g + c * bytes, 6 * bytes, scratch + c * 16, 96);
    for (let r: usize = 0; r < 3; r++) weightAdjoint(scratch + r * 96, 16, dw + g + r * 3 * bytes, bytes);
  }
}
