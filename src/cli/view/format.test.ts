import { expect, test } from "vitest";
import { formatAge, formatBytes, formatClock, formatItems, formatSeconds, formatTable } from "./format.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [999_949, "999.9 kB"],
  [999_950, "1.0 MB"],
  [4_600_000, "4.6 MB"],
  [7e15, "7000.0 TB"],
])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0.04, "0.0 s"],
  [31, "31.0 s"],
  [60, "1 min 00 s"],
  [125.6, "2 min 06 s"],
])("%d seconds are %s", (seconds, text) => expect(formatSeconds(seconds)).toBe(text));

test.each([
  [-1, "0:00"],
  [14.4, "0:14"],
  [3729, "1:02:09"],
])("a clock shows %d as %s", (seconds, text) => expect(formatClock(seconds)).toBe(text));

test("ages are whole steps, and a date after a month", () => {
  const now = Date.parse("2026-03-31T12:00:00Z");
  const at = (text: string) => formatAge(text, now);
  expect([at("2026-03-31T11:59:30Z"), at("2026-03-31T11:30:00Z"), at("2026-03-30T12:00:00Z")]).toEqual([
    "30 s ago",
    "30 min ago",
    "1 d ago",
  ]);
  expect([at("2026-01-31T12:00:00Z"), at("2027-01-01T00:00:00Z")]).toEqual(["2026-01-31", "0 s ago"]);
});

test("one is one", () => {
  expect([formatItems(1, "image"), formatItems(5001, "image"), formatItems(0, "entry", "entries")]).toEqual([
    "1 image",
    "5,001 images",
    "0 entries",
  ]);
});

test("colours take no room in a table", () => {
  expect(
    formatTable(
      ["a", "b"],
      [
        ["\u001B[32mlonger\u001B[39m", "x"],
        ["c", ""],
      ],
    ),
  ).toEqual(["a       b", "\u001B[32mlonger\u001B[39m  x", "c"]);
});
