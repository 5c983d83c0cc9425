import { expect, test } from "vitest";
import { isObject, parseObject } from "./json.ts";

test.each([
  [{}, true],
  [{ a: 1 }, true],
  [[], false],
  [null, false],
  [undefined, false],
  ["{}", false],
  [1, false],
])("whether %j is an object: %j", (value, is) => expect(isObject(value)).toBe(is));

test("an object comes from a text and from bytes, a byte order mark before it or not", () => {
  const text = JSON.stringify({ name: "gänse" });
  expect(parseObject(text)).toEqual({ name: "gänse" });
  expect(parseObject(new TextEncoder().encode(text))).toEqual({ name: "gänse" });
  expect(parseObject(new TextEncoder().encode(`\uFEFF${text}`))).toEqual({ name: "gänse" });
});

test.each(["", "{", "[]", "null", "7", `"text"`, "<html>"])("%j holds none", (text) => {
  expect(parseObject(text)).toBeUndefined();
});
