/** @file From whatever samples the decoder gives to the 8-bit grey or RGB that a model sees. */

/**
 * Grey or RGB, 8 bits, from `samples` interleaved samples a pixel (1 grey, 2 grey+alpha, 3 RGB, 4 RGB+alpha).
 * - Grey from RGB is Rec. 601 luma, as JPEG's own and as Pillow's `convert("L")`.
 * - RGB from grey repeats it.
 * - Transparent pixels lie over black, as HTML's canvas does for formats without transparency.
 */
export function convertPixels(raw: Uint8Array, samples: 1 | 2 | 3 | 4, channels: 1 | 3): Uint8Array {
  if (samples === channels) return raw;
  if (samples === 2) return convertPixels(flattenAlpha(raw, 2), 1, channels);
  if (samples === 4) return convertPixels(flattenAlpha(raw, 4), 3, channels);
  return channels === 1 ? greyFromRgb(raw) : rgbFromGrey(raw);
}

/** 16 bits to 8, rounded: 65535 is 255. `raw` holds native-endian samples, as the decoder gives them. */
export function narrowTo8Bits(raw: Uint8Array): Uint8Array {
  const aligned = raw.byteOffset % 2 === 0 ? raw : new Uint8Array(raw);
  const wide = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 1);
  const narrow = new Uint8Array(wide.length);
  for (let i = 0; i < wide.length; i++) narrow[i] = (wide[i]! * 255 + 32_895) >>> 16;
  return narrow;
}

/** RGBA with full alpha, which the resizer takes. RGBA is made opaque in place: at this point it may be tens of megabytes. */
export function opaqueRgba(raw: Uint8Array, samples: 1 | 2 | 3 | 4): Uint8Array {
  const rgba = samples === 4 ? raw : new Uint8Array((raw.length / samples) * 4);
  const [green, blue] = samples < 3 ? [0, 0] : [1, 2];
  const alphaAt = samples % 2 === 0 ? samples - 1 : -1;
  for (let from = 0, to = 0; to < rgba.length; from += samples, to += 4) {
    const alpha = alphaAt < 0 ? 255 : raw[from + alphaAt]!;
    rgba[to] = overBlack(raw[from]!, alpha);
    rgba[to + 1] = overBlack(raw[from + green]!, alpha);
    rgba[to + 2] = overBlack(raw[from + blue]!, alpha);
    rgba[to + 3] = 255;
  }
  return rgba;
}

function greyFromRgb(rgb: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  // Weights of 0.299, 0.587 and 0.114 in 16 bits; they add up to 65536, so that a grey stays what it was.
  for (let i = 0, at = 0; i < grey.length; i++, at += 3) {
    grey[i] = (19_595 * rgb[at]! + 38_470 * rgb[at + 1]! + 7_471 * rgb[at + 2]! + 32_768) >>> 16;
  }
  return grey;
}

function rgbFromGrey(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  for (let i = 0, to = 0; i < grey.length; i++) {
    const value = grey[i]!;
    rgb[to++] = value;
    rgb[to++] = value;
    rgb[to++] = value;
  }
  return rgb;
}

function flattenAlpha(raw: Uint8Array, samples: 2 | 4): Uint8Array {
  const colours = samples - 1;
  const flat = new Uint8Array((raw.length / samples) * colours);
  for (let from = 0, to = 0; from < raw.length; from += samples) {
    const alpha = raw[from + colours]!;
    for (let c = 0; c < colours; c++) flat[to++] = overBlack(raw[from + c]!, alpha);
  }
  return flat;
}

/** value × alpha / 255, rounded. */
function overBlack(value: number, alpha: number): number {
  return ((value * alpha + 128) * 257) >>> 16;
}
