import { hash } from "node:crypto";
import type { Digest } from "../base/digest.ts";

/**
 * The digest of a dataset: the Merkle tree hash of RFC 6962 (section 2.1) with SHA-256, over its files sorted by the bytes of their
 * UTF-8 paths. With H = SHA-256 and ‖ for "followed by":
 *
 * - leaf of a file = H(0x00 ‖ content ‖ path): `content` is the SHA-256 of the file's bytes (32 bytes, binary), `path` is
 *   `<label>/<name>` with a forward slash, in UTF-8, as the file system gives it (not normalised);
 * - tree of one file = its leaf; tree of n > 1 files = H(0x01 ‖ tree of the first k ‖ tree of the rest), k the largest power of two below n;
 * - tree of no files = H of nothing.
 *
 * The digest is `sha256:` and the tree's hash in hex. Settings such as size or channels are no part of it: they belong to the project's code.
 */
export function merkleRoot(entries: readonly { path: string; digest: Digest }[]): Digest {
  const sorted = entries.every(({ path }, i) => i === 0 || compareBytes(entries[i - 1]!.path, path) < 0)
    ? entries
    : entries.toSorted((a, b) => compareBytes(a.path, b.path));
  const leaves = sorted.map(({ path, digest }) =>
    sha256(Buffer.concat([leafPrefix, Buffer.from(digest.slice(7), "hex"), Buffer.from(path)])),
  );
  return `sha256:${treeOf(leaves, 0, leaves.length).toString("hex")}`;
}

/** Order of the UTF-8 bytes. UTF-16, which `<` compares, orders alike except for surrogates (emoji, rare scripts). */
export function compareBytes(a: string, b: string): number {
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : Number(a > b);
}

const surrogate = /[\ud800-\udfff]/;
const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

function treeOf(leaves: readonly Buffer[], from: number, to: number): Buffer {
  const count = to - from;
  if (count === 0) return sha256(new Uint8Array());
  if (count === 1) return leaves[from]!;
  const middle = from + 2 ** Math.floor(Math.log2(count - 1));
  return sha256(Buffer.concat([nodePrefix, treeOf(leaves, from, middle), treeOf(leaves, middle, to)]));
}

function sha256(bytes: Uint8Array): Buffer {
  return hash("sha256", bytes, "buffer");
}
