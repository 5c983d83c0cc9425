/** @file Warps one image: the pixel at (x, y) of the result is read at (a x + b y + c, d x + e y + f) of the source. */

/**
 * `source`: bytes of height × width × channels. `target`: floats 0..1 of channels × height × width. Between pixels it is bilinear;
 * outside, the edge goes on. Rounds as the reference in TypeScript does, bit for bit.
 */
export function warp(
  source: usize, target: usize, height: i32, width: i32, channels: i32, a: f32, b: f32, c: f32, d: f32, e: f32, f: f32,
): void {
  const right = (width - 1) as f32, bottom = (height - 1) as f32, scale: f32 = 1.0 / 255.0;
  const line = width * channels, plane = ((height * width) as usize) << 2;
  for (let y = 0; y < height; y++) {
    const rowX = b * (y as f32) + c, rowY = e * (y as f32) + f;
    for (let x = 0; x < width; x++) {
      const atX = min<f32>(max<f32>(a * (x as f32) + rowX, 0), right), atY = min<f32>(max<f32>(d * (x as f32) + rowY, 0), bottom);
      const left = atX as i32, top = atY as i32, u = atX - (left as f32), v = atY - (top as f32);
      const across = left < width - 1 ? channels : 0, down = top < height - 1 ? line : 0;
      let s = source + ((top * line + left * channels) as usize), t = target;
      for (let k = 0; k < channels; k++) {
        const p = load<u8>(s) as f32, q = load<u8>(s + across) as f32, r = load<u8>(s + down) as f32, w = load<u8>(s + down + across) as f32;
        const upper = p + u * (q - p), lower = r + u * (w - r);
        store<f32>(t, (upper + v * (lower - upper)) * scale);
        s++;
        t += plane;
      }
      target += 4;
    }
  }
}
