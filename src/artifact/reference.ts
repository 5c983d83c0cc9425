import { isDigest, type Digest } from "../base/digest.ts";
import { referenceInvalid } from "./errors.ts";

/** What people write to mean a model. A bare name means its `champion`. */
export type Reference =
  | { kind: "alias"; name: string; alias: string }
  | { kind: "digest"; name?: string; digest: Digest }
  /** The first hex digits of a digest. */
  | { kind: "prefix"; name?: string; prefix: string };

export const defaultAlias = "champion";

/** Fewer digits than this are too easily mistaken for a name, or for another model. */
export const shortestPrefix = 4;

/**
 * Reads `name`, `name:alias`, `name@sha256:…`, `name@9f3c`, `sha256:…` or `sha256:9f3c`. A digest cut short by `…` or `...`,
 * as it is shown to people, is read as a prefix. Throws `referenceInvalid`.
 */
export function parseReference(text: string): Reference {
  const trimmed = text.trim();
  const at = trimmed.indexOf("@");
  if (at >= 0) return { name: readName(text, trimmed.slice(0, at)), ...readDigest(text, trimmed.slice(at + 1)) };
  if (trimmed.startsWith("sha256:")) return readDigest(text, trimmed);
  const colon = trimmed.indexOf(":");
  if (colon < 0) return { kind: "alias", name: readName(text, trimmed), alias: defaultAlias };
  const alias = trimmed.slice(colon + 1);
  if (!isAlias(alias)) {
    throw referenceInvalid({
      reference: text,
      why: `the alias ${JSON.stringify(alias)} is not of letters, digits, ".", "_", "-"`,
    });
  }
  return { kind: "alias", name: readName(text, trimmed.slice(0, colon)), alias };
}

/** The shortest text that `parseReference` reads back as the same. */
export function printReference(reference: Reference): string {
  if (reference.kind === "alias")
    return reference.alias === defaultAlias ? reference.name : `${reference.name}:${reference.alias}`;
  const digest = reference.kind === "digest" ? reference.digest : `sha256:${reference.prefix}`;
  return reference.name === undefined ? digest : `${reference.name}@${digest}`;
}

/** A repository name of the OCI distribution spec: `digits`, `team/digits`, `digits-v2`. */
export function isName(text: string): boolean {
  return (
    text.length <= 128 &&
    text !== "sha256" &&
    /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/.test(text)
  );
}

/** A tag of the OCI distribution spec. */
export function isAlias(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text);
}

function readName(reference: string, name: string): string {
  if (isName(name)) return name;
  const why =
    name === ""
      ? "the name is missing"
      : isName(name.toLowerCase())
        ? `names are lower-case: ${name.toLowerCase()}`
        : `the name ${JSON.stringify(name)} is not of lower-case letters and digits joined by ".", "_", "-" or "/"`;
  throw referenceInvalid({ reference, why });
}

function readDigest(
  reference: string,
  text: string,
): { kind: "digest"; digest: Digest } | { kind: "prefix"; prefix: string } {
  if (isDigest(text)) return { kind: "digest", digest: text };
  const prefix = text
    .replace(/^sha256:/, "")
    .replace(/(?:…|\.\.\.)$/, "")
    .toLowerCase();
  if (isDigest(`sha256:${prefix}`)) return { kind: "digest", digest: `sha256:${prefix}` };
  if (/^[0-9a-f]+$/.test(prefix) && prefix.length >= shortestPrefix && prefix.length < 64)
    return { kind: "prefix", prefix };
  throw referenceInvalid({
    reference,
    why: `the digest ${JSON.stringify(text)} is not sha256: and ${shortestPrefix} to 64 hex digits`,
  });
}
