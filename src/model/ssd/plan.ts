/** @file SSD300 on VGG16 as plain data: the layers by the names that their weights have in the files in circulation. */

export interface Convolution {
  kind: "conv";
  /** `vgg.0`: its tensors are `vgg.0.weight` and `vgg.0.bias`. */
  name: string;
  inputs: number;
  outputs: number;
  kernel: number;
  stride: number;
  padding: number;
  dilation: number;
}

export type Step =
  | Convolution
  | { kind: "relu" }
  | { kind: "pool"; size: number; stride: number; padding: number; ceil: boolean };

/** A feature map that boxes are looked for on. */
export interface Source {
  /** Places along each side. */
  side: number;
  channels: number;
  /** Boxes at each place. */
  boxes: number;
  /** Pixels of the image between two places. */
  step: number;
  /** Side of the small square box in pixels; the large one's is the mean of this and the next source's. */
  size: { voc: number; coco: number };
  /** Widths to heights of the boxes that are no squares; each stands for its inverse too. */
  ratios: readonly number[];
}

/** Height and width of the image in pixels. */
export const imageSide = 300;

/** Of red, green and blue. The papers list them as blue, green, red: 104, 117, 123. */
export const means = [123, 117, 104] as const;

export const sources: readonly Source[] = [
  { side: 38, channels: 512, boxes: 4, step: 8, size: { voc: 30, coco: 21 }, ratios: [2] },
  { side: 19, channels: 1024, boxes: 6, step: 16, size: { voc: 60, coco: 45 }, ratios: [2, 3] },
  { side: 10, channels: 512, boxes: 6, step: 32, size: { voc: 111, coco: 99 }, ratios: [2, 3] },
  { side: 5, channels: 256, boxes: 6, step: 64, size: { voc: 162, coco: 153 }, ratios: [2, 3] },
  { side: 3, channels: 256, boxes: 4, step: 100, size: { voc: 213, coco: 207 }, ratios: [2] },
  { side: 1, channels: 256, boxes: 4, step: 300, size: { voc: 264, coco: 261 }, ratios: [2] },
];

/** What would be the small size of a seventh source, in pixels. */
export const lastSize = 315;

/** Boxes in all: 8,732. */
export const boxCount = sources.reduce((all, { side, boxes }) => all + side * side * boxes, 0);

/** The first source is what the 23rd of these gives (conv4_3), its channels normalised; the second is what the last gives (fc7). */
export const vgg: readonly Step[] = [
  ...stage(0, 3, 64, 2),
  pool(),
  ...stage(5, 64, 128, 2),
  pool(),
  ...stage(10, 128, 256, 3),
  // 75 places become 38: the odd last one has a window of its own.
  pool({ ceil: true }),
  ...stage(17, 256, 512, 3),
  pool(),
  ...stage(24, 512, 512, 3),
  pool({ size: 3, stride: 1, padding: 1 }),
  conv("vgg.31", 512, 1024, { padding: 6, dilation: 6 }),
  relu(),
  conv("vgg.33", 1024, 1024, { kernel: 1 }),
  relu(),
];

export const firstSourceAfter = 23;

/** Pairs of a narrowing 1×1 and a 3×3; each pair gives a source. A ReLU follows every one. */
export const extras: readonly Convolution[] = [
  conv("extras.0", 1024, 256, { kernel: 1 }),
  conv("extras.1", 256, 512, { stride: 2, padding: 1 }),
  conv("extras.2", 512, 128, { kernel: 1 }),
  conv("extras.3", 128, 256, { stride: 2, padding: 1 }),
  conv("extras.4", 256, 128, { kernel: 1 }),
  conv("extras.5", 128, 256),
  conv("extras.6", 256, 128, { kernel: 1 }),
  conv("extras.7", 128, 256),
];

/** The heads of a source: four numbers for each box (`loc`) or one for each class (`conf`). */
export function head(kind: "loc" | "conf", index: number, { channels, boxes }: Source, numbers: number): Convolution {
  return conv(`${kind}.${index}`, channels, boxes * numbers, { padding: 1 });
}

/** Name and shape of every tensor, in the order of the original's state dict. */
export function listTensors(classes: number): { name: string; shape: readonly number[] }[] {
  const layers = vgg.filter((step) => step.kind === "conv");
  const heads = (["loc", "conf"] as const).flatMap((kind) =>
    sources.map((source, index) => head(kind, index, source, kind === "loc" ? 4 : classes)),
  );
  const both = ({ name, inputs, outputs, kernel }: Convolution) => [
    { name: `${name}.weight`, shape: [outputs, inputs, kernel, kernel] },
    { name: `${name}.bias`, shape: [outputs] },
  ];
  return [
    ...layers.flatMap(both),
    { name: "L2Norm.weight", shape: [512] },
    ...extras.flatMap(both),
    ...heads.flatMap(both),
  ];
}

/** 3×3 convolutions, each with its ReLU; the numbers in the names count both. */
function stage(first: number, inputs: number, outputs: number, count: number): Step[] {
  return Array.from({ length: count }, (_, i) => [
    conv(`vgg.${first + 2 * i}`, i === 0 ? inputs : outputs, outputs, { padding: 1 }),
    relu(),
  ]).flat();
}

function conv(
  name: string,
  inputs: number,
  outputs: number,
  { kernel = 3, stride = 1, padding = 0, dilation = 1 } = {},
): Convolution {
  return { kind: "conv", name, inputs, outputs, kernel, stride, padding, dilation };
}

function relu(): Step {
  return { kind: "relu" };
}

function pool({ size = 2, stride = 2, padding = 0, ceil = false } = {}): Step {
  return { kind: "pool", size, stride, padding, ceil };
}
