import { createHash } from "node:crypto";

/** A content digest as OCI writes it: `sha256:` and 64 lower-case hex digits. */
export type Digest = `sha256:${string}`;

export function digestOf(content: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** Its digits without the algorithm; the first `length` of them where a name is made of it. */
export function hexOf(digest: Digest, length?: number): string {
  return digest.slice("sha256:".length, length === undefined ? undefined : "sha256:".length + length);
}

/** `sha256:ab12cd34…`: what people read; never what programs compare. */
export function shortDigest(digest: string): string {
  const at = digest.indexOf(":") + 1;
  return `${digest.slice(0, at + 12)}…`;
}

/** `localhost:5001/digits@sha256:9f3c2a7b1d4e…`; a reference without a digest as it is. */
export function shortReference(reference: string): string {
  const at = reference.indexOf("@") + 1;
  return at === 0 ? reference : reference.slice(0, at) + shortDigest(reference.slice(at));
}

/** Digest of a JSON value with its keys sorted at every depth, so that the order they were written in does not matter. */
export function digestOfJson(value: unknown): Digest {
  return digestOf(canonicalJson(value));
}

/** JSON with sorted keys and no white space. `undefined` members are left out, as JSON.stringify does. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
