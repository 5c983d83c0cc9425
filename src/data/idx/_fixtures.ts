import type { Idx } from "./read.ts";

/** As the format's page has it: two zeros, 8 for bytes, the number of axes, their sizes, the values. */
export function writeIdx({ shape, values }: Idx): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, 0x08, shape.length]);
  for (const [axis, size] of shape.entries()) view.setUint32(4 + 4 * axis, size);
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}
