/** @file Weights that do not fit are refused by the tensor's name before any is read; labels are held to the classes. */

import { describe, expect, test } from "vitest";
import type { StateDict, StateDictEntry } from "../pytorch/state-dict.ts";
import { ssdLabelLine, ssdLabels, ssdWeights } from "./errors.ts";
import { nameClasses, parseLabels } from "./labels.ts";
import { listTensors } from "./plan.ts";
import { readWeights } from "./weights.ts";

/** Tensors of the right names and shapes whose numbers must not be asked for. */
function stateDict(classes: number, change: (entries: Map<string, StateDictEntry>) => void): StateDict {
  const read = (): Promise<never> => Promise.reject(new TypeError("nothing must be read"));
  const entry = ({ name, shape }: { name: string; shape: readonly number[] }): [string, StateDictEntry] => [
    name,
    { dtype: "float32", shape, read },
  ];
  const entries = new Map(listTensors(classes).map(entry));
  change(entries);
  return { entries, values: new Map(), format: "zip", close: async () => {} };
}

const of = (dtype: StateDictEntry["dtype"], shape: readonly number[]): StateDictEntry => ({
  dtype,
  shape,
  read: async () => new Float32Array(),
});

test("the plan has the original's 71 tensors and 26,285,486 numbers", () => {
  const tensors = listTensors(21);
  expect(tensors).toHaveLength(71);
  expect(tensors.reduce((all, { shape }) => all + shape.reduce((a, b) => a * b, 1), 0)).toBe(26_285_486);
});

test.each<[string, number, (entries: Map<string, StateDictEntry>) => void, string]>([
  [
    "a tensor less",
    21,
    (entries) => entries.delete("vgg.31.bias"),
    "vgg.31.bias is missing (the file has vgg.21.bias), wanted numbers of shape [1024]",
  ],
  ["another network", 21, (entries) => entries.clear(), "vgg.0.weight is missing (the file has 0 tensors: , …)"],
  [
    "another shape",
    21,
    (entries) => entries.set("extras.0.weight", of("float32", [256, 1024, 3, 3])),
    "extras.0.weight is float32 of shape [256, 1024, 3, 3], wanted numbers of shape [256, 1024, 1, 1]",
  ],
  [
    "whole numbers",
    201,
    (entries) => entries.set("loc.1.bias", of("int64", [24])),
    "loc.1.bias is int64 of shape [24]",
  ],
  [
    "heads of two kinds",
    21,
    (entries) => entries.set("conf.0.weight", of("float32", [324, 512, 3, 3])),
    "conf.0.bias is float32 of shape [84], wanted numbers of shape [324]",
  ],
  [
    "no whole number of classes",
    21,
    (entries) => entries.set("conf.0.weight", of("float32", [85, 512, 3, 3])),
    "conf.0.weight is of 85 rows, wanted 4 for each of two classes or more",
  ],
  [
    "a tensor more",
    21,
    (entries) => entries.set("loc.6.weight", of("float32", [1])),
    "loc.6.weight is there, wanted no such tensor",
  ],
])("refuses %s", async (_what, classes, change, message) => {
  await expect(readWeights(stateDict(classes, change))).rejects.toMatchObject({
    code: ssdWeights.code,
    message: expect.stringContaining(message),
  });
});

describe("labels", () => {
  test("are VOC's or COCO's by the number of classes, the background first", () => {
    expect(nameClasses(21)).toHaveLength(21);
    expect(nameClasses(21).slice(0, 2)).toEqual(["background", "aeroplane"]);
    expect(nameClasses(201).slice(0, 2)).toEqual(["background", "person"]);
    expect(nameClasses(201).slice(80, 82)).toEqual(["toothbrush", "class 81"]);
    expect(nameClasses(81).at(-1)).toBe("toothbrush");
    expect(nameClasses(3)).toEqual(["background", "class 1", "class 2"]);
  });

  test("may be given with the background or without it, and not be too many", () => {
    expect(nameClasses(3, ["cat", "dog"])).toEqual(["background", "cat", "dog"]);
    expect(nameClasses(3, ["background", "cat"])).toEqual(["background", "cat", "class 2"]);
    expect(() => nameClasses(3, ["a", "b", "c"])).toThrow(expect.objectContaining({ code: ssdLabels.code }));
  });

  test("are read from a file of COCO's categories", () => {
    expect(parseLabels("1,1,person\n2,2,bicycle\r\n\n13,12,stop sign\n")).toEqual([
      "background",
      "person",
      "bicycle",
      ...Array.from({ length: 9 }, (_, i) => `class ${i + 3}`),
      "stop sign",
    ]);
  });

  test.each(["person", "1,person", "1,0,person", "1,1,person\n2,1,bicycle", "1,99999999,person", "1,1,"])(
    "are refused with their line: %j",
    (text) => {
      expect(() => parseLabels(text)).toThrow(expect.objectContaining({ code: ssdLabelLine.code }));
    },
  );
});
