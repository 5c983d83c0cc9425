/** @file EXIF, as far as the one number that changes which way up the pixels are. */

const orientationTag = 0x0112;
const shortType = 3;

/**
 * Orientation 1 to 8 of an APP1 payload or a WebP EXIF chunk. Anything that is no well-formed EXIF gives undefined: a viewer shows such
 * an image as it is stored, and so do we.
 */
export function readExifOrientation(payload: Uint8Array): number | undefined {
  const tiff = startsWithExif(payload) ? payload.subarray(6) : payload;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (view.byteLength < 8) return undefined;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return undefined;
  const little = order === 0x4949;
  const directory = view.getUint32(4, little);
  if (view.getUint16(2, little) !== 42 || directory + 2 > view.byteLength) return undefined;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= view.byteLength; i++, at += 12) {
    if (view.getUint16(at, little) !== orientationTag || view.getUint16(at + 2, little) !== shortType) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}

function startsWithExif(payload: Uint8Array): boolean {
  return (
    payload[0] === 0x45 &&
    payload[1] === 0x78 &&
    payload[2] === 0x69 &&
    payload[3] === 0x66 &&
    payload[4] === 0 &&
    payload[5] === 0
  );
}
