import { describe, expect, test } from "vitest";
import { sourceArgument } from "./errors.ts";
import { imageFolder } from "./index.ts";

test("imageFolder is plain data with its defaults filled in", () => {
  expect(imageFolder("data", { size: [28, 30] })).toEqual({
    kind: "imageFolder",
    path: "data",
    size: [28, 30],
    channels: 3,
    otherSizes: "refuse",
  });
});

describe("wrong options are refused by name", () => {
  test.each([
    [{ size: [28, 28], chanels: 1 }, 'chanels is unknown, wanted "channels"'],
    [{ size: [28] }, "size is [28], wanted [height, width] in whole pixels from 1 to 16384"],
    [{ size: [28, 0.5] }, "size is [28,0.5], wanted"],
    [{ channels: 1 }, "size is undefined, wanted"],
    [{ size: [28, 28], channels: 2 }, "channels is 2, wanted 1 (grey) or 3 (colour)"],
    [{ size: [28, 28], otherSizes: "crop" }, 'otherSizes is "crop", wanted "refuse" or "resize"'],
    [undefined, "options is undefined, wanted an object"],
  ])("%j", (options, words) => {
    expect(() => imageFolder("data", options as never)).toThrow(
      expect.objectContaining({ code: sourceArgument.code, message: expect.stringContaining(words) as string }),
    );
  });
});
