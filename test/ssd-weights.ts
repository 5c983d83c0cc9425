/**
 * @file Weights of SSD300 that are worked out instead of learned, as a PyTorch file of 19 MB: the network hands the light of a
 * picture on to one of its maps, and says of each light place there that it is of one class. So what it must answer is known.
 */
import { archive, assemble, dict, tensor, type TensorParts } from "../src/model/pytorch/_fixtures.ts";
import { listTensors } from "../src/model/ssd/plan.ts";
import { encodePng } from "../src/pixels/encode-png.ts";

/** The third map: 10×10 places, 32 pixels of the network's 300 apart, boxes of 111 pixels (Pascal VOC's). */
const map = 2;
const step = 32;
const side = 111;
const networkSide = 300;

export interface LightWeights {
  classes: number;
  /** What a light place is. */
  kind: number;
}

/** A zip file as `torch.save` writes it. Its tensors share single numbers by strides of 0: `expand()`, in PyTorch's words. */
export function makeLightWeights({ classes, kind }: LightWeights): Uint8Array {
  const storages: Record<string, Uint8Array> = {};
  const tensors = listTensors(classes).map(({ name, shape }, index) => {
    const { values, strides } = lay(name, shape, classes, kind);
    const key = String(index);
    storages[key] = assemble(new Uint8Array(Float32Array.from(values).buffer));
    const parts: TensorParts = { key, count: values.length, shape, strides };
    return [name, tensor(parts)] as const;
  });
  return archive(dict(Object.fromEntries(tensors)), storages);
}

interface Laid {
  values: ArrayLike<number>;
  strides: readonly number[];
}

function lay(name: string, shape: readonly number[], classes: number, kind: number): Laid {
  const [rows = 0, inputs = 1, kernel = 1] = shape;
  const alike = (value: number): Laid => ({ values: [value], strides: shape.map(() => 0) });
  if (name === "L2Norm.weight" || name.startsWith("loc.")) return alike(0);
  if (name.startsWith("conf.")) {
    const chosen = name.startsWith(`conf.${map}.`);
    // A bias for the background everywhere: no place is anything else unless it is light.
    if (name.endsWith(".bias"))
      return { values: Array.from({ length: rows }, (_, row) => (row % classes === 0 ? 8 : 0)), strides: [1] };
    if (!chosen) return alike(0);
    // Of the boxes at a place only the first, the small square, is ever of the class.
    const values = Array.from({ length: rows * 9 }, (_, at) => (at === kind * 9 + 4 ? 0.1 / inputs : 0));
    return { values, strides: [9, 0, 3, 1] };
  }
  // Black is 0 after the first layer, white over 200.
  if (name.endsWith(".bias")) return alike(name === "vgg.0.bias" ? -200 : 0);
  // Each channel is the mean of those before it (of the picture's: the sum), at its very place.
  const weight = inputs === 3 ? 1 : 1 / inputs;
  if (kernel === 1) return alike(weight);
  // The largest one in full: no file is believed whose tensors are larger than itself.
  if (name === "vgg.31.weight") {
    const values = new Float32Array(rows * inputs * 9);
    for (let at = 4; at < values.length; at += 9) values[at] = weight;
    return { values, strides: [inputs * 9, 9, 3, 1] };
  }
  return { values: Array.from({ length: 9 }, (_, at) => (at === 4 ? weight : 0)), strides: [0, 0, 3, 1] };
}

/** A dark picture with one light square at a place of the map, 0 … 9 in each direction, as a PNG. */
export function drawLight(width: number, height: number, [column, row]: readonly [number, number]): Uint8Array {
  const pixels = new Uint8Array(width * height);
  const isLight = (at: number, place: number, size: number): boolean => {
    const inNetwork = ((at + 0.5) * networkSide) / size - place * step;
    return inNetwork > 3 && inNetwork < 13;
  };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (isLight(x, column, width) && isLight(y, row, height)) pixels[y * width + x] = 255;
  return encodePng(pixels, width, height);
}

/** The box that must be found there, in the picture's pixels: left, top, right, bottom. */
export function boxOfLight(width: number, height: number, place: readonly [number, number]): number[] {
  const corner = (at: number, of: number, size: number): number => {
    // Centres are cut to the picture before boxes are drawn around them.
    const centre = Math.min(1, ((at + 0.5) * step) / networkSide);
    const share = centre + (of * side) / 2 / networkSide;
    return Math.round(Math.min(1, Math.max(0, share)) * size);
  };
  const [column, row] = place;
  return [corner(column, -1, width), corner(row, -1, height), corner(column, 1, width), corner(row, 1, height)];
}
