import { expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDigest,
  formatDuration,
  formatMetric,
  formatName,
  formatShare,
  formatTime,
} from "./format.ts";

test.each([
  [0, "0.0 %"],
  [0.0004, "< 0.1 %"],
  [0.0006, "0.1 %"],
  [0.9812, "98.1 %"],
  [0.9996, "> 99.9 %"],
  [1, "100.0 %"],
])("share %d reads %s", (share, text) => expect(formatShare(share)).toBe(text));

test.each([
  [0.42, "0.4 ms"],
  [9.96, "10 ms"],
  [640, "640 ms"],
  [999.6, "1.0 s"],
  [31_040, "31.0 s"],
  [59_960, "1 min 0 s"],
  [185_000, "3 min 5 s"],
  [7_500_000, "2 h 5 min"],
])("%d milliseconds read %s", (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text));

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1000, "1.0 kB"],
  [999_600, "1.0 MB"],
  [4_799_123, "4.8 MB"],
  [123_400_000, "123 MB"],
])("%d bytes read %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test("counts, digests, names and times", () => {
  expect(formatCount(5001)).toBe("5,001");
  expect(formatDigest(`sha256:${"9f3c52a1b0de".padEnd(64, "0")}`)).toBe("9f3c52a1b0de");
  expect(formatName("validationLoss")).toBe("validation loss");
  expect(formatName("F1_score")).toBe("f1 score");
  expect(formatTime("2026-11-21T05:12:09Z", "UTC")).toBe("21 Nov 2026, 05:12");
  expect(formatTime("yesterday")).toBe("yesterday");
});

test("metrics by their kind", () => {
  expect(formatMetric("accuracy", 0.98765)).toBe("98.8 %");
  expect(formatMetric("loss", 0.0391234)).toBe("0.03912");
  expect(formatMetric("rows", 12_000)).toBe("12,000");
  expect(formatMetric("accuracy", 98.7)).toBe("98.7");
});
