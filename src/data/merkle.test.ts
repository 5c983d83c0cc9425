import { createHash } from "node:crypto";
import { assert, property, string, uniqueArray } from "fast-check";
import { expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { compareBytes, merkleRoot } from "./merkle.ts";

const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const entry = (path: string, content = path) => ({ path, digest: digestOf(content) });
const leaf = (path: string, content = path) => sha256("\u0000", sha256(content), path);

test("three files, by the definition written out", () => {
  const left = sha256("\u0001", leaf("a/1"), leaf("a/2"));
  expect(merkleRoot([entry("a/1"), entry("a/2"), entry("b/1")])).toBe(
    `sha256:${sha256("\u0001", left, leaf("b/1")).toString("hex")}`,
  );
});

test("one file is its leaf, none is the hash of nothing", () => {
  expect(merkleRoot([entry("a/1")])).toBe(`sha256:${leaf("a/1").toString("hex")}`);
  expect(merkleRoot([])).toBe("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("the order in which files are given does not matter; their paths and contents do", () => {
  assert(
    property(
      uniqueArray(string({ unit: "binary", minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 20 }),
      (paths) => {
        // Strings that are no well-formed Unicode are no file names.
        const entries = [...new Set(paths.map((path) => path.toWellFormed()))].map((path) => entry(path));
        const root = merkleRoot(entries);
        expect(merkleRoot(entries.toReversed())).toBe(root);
        expect(merkleRoot([{ ...entries[0]!, path: `${entries[0]!.path}x` }, ...entries.slice(1)])).not.toBe(root);
        expect(merkleRoot([{ ...entries[0]!, digest: digestOf("other") }, ...entries.slice(1)])).not.toBe(root);
        expect(merkleRoot(entries.slice(1))).not.toBe(root);
      },
    ),
  );
});

test("paths are ordered by their UTF-8 bytes", () => {
  const paths = ["\u{1F600}", "\uFF5E", "é", "z", "a/10", "a/1", "a-1"];
  expect(paths.toSorted(compareBytes)).toEqual(
    paths.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
});
