import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Corners } from "../../data/types.ts";
import { encodeBox, layOutAnchors } from "../../model/detector/anchors.ts";
import { flip, scale, shift } from "../augmentations.ts";
import type { Step } from "../step.ts";
import { createAim, moveBox } from "./aim.ts";
import { type Affine, drawAffine, warp } from "./warp.ts";

const image = { height: 24, width: 32, channels: 1 };

describe("a box goes where its pixels go", () => {
  test("by shifts, scales and mirrors, to half a pixel", () => {
    const box = fc
      .tuple(
        fc.integer({ min: 4, max: 14 }),
        fc.integer({ min: 4, max: 10 }),
        fc.integer({ min: 6, max: 12 }),
        fc.integer({ min: 6, max: 10 }),
      )
      .map(([left, top, width, height]) => ({ left, top, right: left + width, bottom: top + height }));
    fc.assert(
      fc.property(box, fc.nat(10_000), ({ left, top, right, bottom }, row) => {
        const map = drawAffine([shift(3), scale(0.1), flip()], image, 1, 0, row);
        const source = new Uint8Array(image.height * image.width);
        for (let y = top; y < bottom; y++) source.fill(255, y * image.width + left, y * image.width + right);
        const moved = new Float32Array(source.length);
        warp(source, moved, image, map);
        const seen = [...moved.keys()].filter((place) => moved[place]! >= 0.5);
        const [xs, ys] = [
          seen.map((place) => place % image.width),
          seen.map((place) => Math.floor(place / image.width)),
        ];
        const around = [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
        const corners = [left / 32, top / 24, right / 32, bottom / 24] as const;
        const told = moveBox(corners, map, image)!.map((share, axis) => share * (axis % 2 === 0 ? 32 : 24));
        for (const [axis, value] of told.entries()) expect(Math.abs(value - around[axis]!)).toBeLessThan(1);
      }),
      { seed: 1 },
    );
  });

  test("a mirror and whole pixels exactly", () => {
    const corners: Corners = [0.25, 0.25, 0.5, 0.75];
    expect(moveBox(corners, [-1, 0, 31, 0, 1, 0], image)).toEqual([0.5, 0.25, 0.75, 0.75]);
    expect(moveBox(corners, [1, 0, -8, 0, 1, 6], image)).toEqual([0.5, 0, 0.75, 0.5]);
  });

  test("and is cut at the edge, or gone where most of it is", () => {
    const corners: Corners = [0.75, 0, 1, 0.5];
    expect(moveBox(corners, [1, 0, -4, 0, 1, 0], image)).toEqual([0.875, 0, 1, 0.5]);
    expect(moveBox(corners, [1, 0, -6, 0, 1, 0], image)).toBeUndefined();
    expect(moveBox(corners, [1, 0, 40, 0, 1, 0], image)).toBeUndefined();
  });
});

describe("aiming at boxes", () => {
  const anchors = layOutAnchors([[12, 16]], { height: 2, width: 2 }, image);
  const exact: Corners = [0, 0, 0.5, 0.5];
  const targets = {
    kind: "boxes",
    anchors,
    starts: Int32Array.of(0, 1, 1, 3),
    classes: Int32Array.of(1, 0, 1),
    corners: Float32Array.of(...exact, ...exact, 0.5, 0.5, 1, 1),
  } as const;

  function aimAt(rows: number[], batch: number[], mapOf?: (row: number) => Affine) {
    const step = {
      rows: rows.length,
      targets: new BigInt64Array(rows.length * 4).fill(9n),
      offsets: new Float32Array(rows.length * 16).fill(9),
      scale: new Float32Array(1),
    };
    const aim = createAim(step as unknown as Step, targets, image);
    // Twice: the second time what was found is known.
    for (const _ of [1, 2]) aim(Int32Array.from(rows), Int32Array.from(batch), mapOf);
    return { targets: [...step.targets], offsets: step.offsets, scale: step.scale[0] };
  }

  test("the anchors that find a box have its class, counted from 1, and where it is; the others the background", () => {
    const { targets: classes, offsets } = aimAt([0, 2], [0, 2]);
    expect(classes).toEqual([2n, 0n, 0n, 0n, 1n, 0n, 0n, 2n]);
    expect([...offsets.subarray(0, 4)]).toEqual(encodeBox(anchors, 0, exact).map(Math.fround));
    expect([...offsets.subarray(4, 16)]).toEqual(Array.from({ length: 12 }, () => 0));
  });

  test("the scale counts the whole batch, whichever rows are the shard's", () => {
    expect(aimAt([0], [0, 1, 2]).scale).toBe(Math.fround(1 / 3));
    expect(aimAt([1], [0, 1, 2, 2]).scale).toBe(Math.fround(1 / 5));
    expect(aimAt([1], [1, 1]).scale).toBe(1);
  });

  test("boxes of images that were moved are sought where they went", () => {
    const mirrored = aimAt([0, 2], [0, 2], () => [-1, 0, 31, 0, 1, 0]);
    expect(mirrored.targets).toEqual([0n, 2n, 0n, 0n, 0n, 1n, 2n, 0n]);
    expect(aimAt([0], [0], () => [1, 0, 40, 0, 1, 0])).toMatchObject({ targets: [0n, 0n, 0n, 0n], scale: 1 });
  });
});
