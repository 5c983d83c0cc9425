/** @file What the network is to say of a shard's rows: their classes, or which anchors find which of their boxes. */
import type { Corners } from "../../data/types.ts";
import { encodeBox, matchAnchors } from "../../model/detector/anchors.ts";
import type { Step } from "../step.ts";
import type { Affine, ImageShape } from "./warp.ts";

export type Targets =
  | { kind: "classes"; classes: Int32Array }
  /** Boxes of row i are those from `starts[i]` up to `starts[i + 1]`; four corners each, as shares of the image. */
  | { kind: "boxes"; anchors: Float32Array; starts: Int32Array; classes: Int32Array; corners: Float32Array };

/** Fills the step's targets. `batch`: the rows of the whole batch. `mapOf`: how a row's image was moved; undefined where none is. */
export type Aim = (rows: Int32Array, batch: Int32Array, mapOf: ((row: number) => Affine) | undefined) => void;

export function createAim(step: Step, targets: Targets, image: Pick<ImageShape, "height" | "width">): Aim {
  return targets.kind === "classes" ? aimAtClasses(step, targets) : aimAtBoxes(step, targets, image);
}

function aimAtClasses(step: Step, { classes }: Extract<Targets, { kind: "classes" }>): Aim {
  return (rows) => {
    for (const [i, row] of rows.entries()) step.targets[i] = BigInt(classes[row] ?? 0);
  };
}

/** An anchor of a row, the class it is to tell (0 is the background) and four numbers of where the box is. */
interface Told {
  anchor: number;
  label: bigint;
  offsets: readonly number[];
}

function aimAtBoxes(
  step: Step,
  { anchors, starts, classes, corners }: Extract<Targets, { kind: "boxes" }>,
  image: Pick<ImageShape, "height" | "width">,
): Aim {
  const places = anchors.length / 4;
  const match = (row: number, map: Affine | undefined): Told[] => {
    const boxes = Array.from({ length: (starts[row + 1] ?? 0) - (starts[row] ?? 0) }, (_, index) => {
      const at = (starts[row] ?? 0) + index;
      const own = corners.subarray(at * 4, at * 4 + 4) as unknown as Corners;
      return { label: BigInt((classes[at] ?? 0) + 1), corners: map === undefined ? own : moveBox(own, map, image) };
    }).flatMap(({ label, corners: moved }) => (moved === undefined ? [] : [{ label, corners: moved }]));
    const matches = matchAnchors(
      anchors,
      boxes.map((box) => box.corners),
    );
    return matches.map(({ anchor, box }) => ({
      anchor,
      label: boxes[box]!.label,
      offsets: encodeBox(anchors, anchor, boxes[box]!.corners),
    }));
  };
  // Where images stay as they are, their matches do too.
  const known = new Map<number, Told[]>();
  const matchOnce = (row: number): Told[] => {
    const told = known.get(row) ?? match(row, undefined);
    known.set(row, told);
    return told;
  };
  return (rows, batch, mapOf) => {
    const all = new Map(
      Array.from(batch, (row) => [row, mapOf === undefined ? matchOnce(row) : match(row, mapOf(row))]),
    );
    step.targets.fill(0n);
    step.offsets?.fill(0);
    for (const [i, row] of rows.entries()) {
      for (const { anchor, label, offsets } of all.get(row) ?? []) {
        step.targets[i * places + anchor] = label;
        step.offsets?.set(offsets, (i * places + anchor) * 4);
      }
    }
    const matched = batch.reduce((sum, row) => sum + (all.get(row)?.length ?? 0), 0);
    step.scale?.fill(1 / Math.max(1, matched));
  };
}

/** Of a box that was moved out of the image for the larger part, too little is left to be told from. */
const leastLeft = 0.3;

/**
 * Where a box is once its image was moved, cut at the image's edge; undefined where too little of it is left. The map leads back, from the
 * result's pixels to the source's, and turns nothing.
 */
export function moveBox(
  [left, top, right, bottom]: Corners,
  [a, , c, , e, f]: Affine,
  { height, width }: Pick<ImageShape, "height" | "width">,
): Corners | undefined {
  // Pixels are numbered by their middles: the first lies at 0, and reaches from -1/2 to 1/2.
  const x = (share: number): number => ((share * width - 0.5 - c) / a + 0.5) / width;
  const y = (share: number): number => ((share * height - 0.5 - f) / e + 0.5) / height;
  const order = (one: number, other: number): [number, number] => (one < other ? [one, other] : [other, one]);
  const [xs, ys] = [order(x(left), x(right)), order(y(top), y(bottom))];
  const cut = (value: number): number => Math.min(1, Math.max(0, value));
  const moved: Corners = [cut(xs[0]), cut(ys[0]), cut(xs[1]), cut(ys[1])];
  const whole = (xs[1] - xs[0]) * (ys[1] - ys[0]);
  const seen = (moved[2] - moved[0]) * (moved[3] - moved[1]);
  return seen > 0 && seen >= leastLeft * whole ? moved : undefined;
}
