/** Where EXIF's orientation puts things: the stored pixel that is seen at (0, 0), and the steps to the right and downwards. */
interface Walk {
  transposed: boolean;
  flipX: boolean;
  flipY: boolean;
}

/** EXIF 2.3: 2 mirrored, 3 turned by 180°, 4 upside down, 5 transposed, 6 to be turned 90° clockwise, 7 transversed, 8 to be turned anticlockwise. */
const walks: Readonly<Record<number, Walk>> = {
  2: { transposed: false, flipX: true, flipY: false },
  3: { transposed: false, flipX: true, flipY: true },
  4: { transposed: false, flipX: false, flipY: true },
  5: { transposed: true, flipX: false, flipY: false },
  6: { transposed: true, flipX: false, flipY: true },
  7: { transposed: true, flipX: true, flipY: true },
  8: { transposed: true, flipX: true, flipY: false },
};

/** Turns stored pixels (`width` × `height`, as stored) upright. Orientations 5 to 8 exchange width and height. */
export function orientPixels(
  pixels: Uint8Array,
  { width, height, channels, orientation }: { width: number; height: number; channels: number; orientation: number },
): Uint8Array {
  const walk = walks[orientation];
  if (walk === undefined) return pixels;
  const upright = new Uint8Array(pixels.length);
  const [rows, columns] = walk.transposed ? [width, height] : [height, width];
  for (let row = 0, to = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [across, down] = walk.transposed ? [row, column] : [column, row];
      const x = walk.flipX ? width - 1 - across : across;
      const y = walk.flipY ? height - 1 - down : down;
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) upright[to++] = pixels[from + c]!;
    }
  }
  return upright;
}
