import { expect, test } from "vitest";
import { moveByKey, penTo, type Pen } from "./pen.ts";

const size = { height: 28, width: 28 };
const pen: Pen = { at: { x: 14, y: 14 }, down: false, shown: false };
const key = (name: string, shiftKey = false, repeat = false) => ({ key: name, shiftKey, repeat });

test("arrows move the pen by a pixel, with Shift by a quarter", () => {
  expect(moveByKey(pen, key("ArrowUp"), size)?.at).toEqual({ x: 14, y: 13 });
  expect(moveByKey(pen, key("ArrowRight", true), size)?.at).toEqual({ x: 14.25, y: 14 });
});

test("the pen stays on the paper", () => {
  const corner: Pen = { ...pen, at: { x: 0, y: 28 } };
  expect(moveByKey(corner, key("ArrowLeft"), size)?.at).toEqual({ x: 0, y: 28 });
  expect(moveByKey(corner, key("ArrowDown"), size)?.at).toEqual({ x: 0, y: 28 });
});

test("space puts the pen down, Enter turns it over once a press", () => {
  expect(moveByKey(pen, key(" "), size)).toEqual({ at: pen.at, down: true, shown: true });
  const locked = moveByKey(pen, key("Enter"), size)!;
  expect(locked.down).toBe(true);
  expect(moveByKey(locked, key("Enter", false, true), size)).toBe(locked);
  expect(moveByKey(locked, key("Enter"), size)?.down).toBe(false);
});

test("other keys are not the pen's", () => {
  expect(moveByKey(pen, key("Tab"), size)).toBeUndefined();
  expect(moveByKey(pen, key("c"), size)).toBeUndefined();
});

test("its place on the screen is a share of the area", () => {
  expect(penTo({ x: 7, y: 28 }, size)).toEqual({ left: "25%", top: "100%" });
});
