import type { Digest } from "../base/digest.ts";
import { shortDigest } from "../base/digest.ts";
import { findNearest } from "../base/nearest.ts";
import { artifactNotFound, referenceAmbiguous } from "./errors.ts";
import { parseReference, shortestPrefix, type Reference } from "./reference.ts";

/** What any store knows of its artifacts without reading them. */
export interface Known {
  name: string;
  digest: Digest;
  aliases: readonly string[];
}

/** The one that a reference means. Throws `referenceInvalid`, `artifactNotFound` with the nearest, `referenceAmbiguous`. */
export function resolveReference<K extends Known>(text: string, known: readonly K[], store: string): K {
  const reference = parseReference(text);
  const matches = match(reference, known);
  if (matches.length > 1)
    throw referenceAmbiguous({ reference: text, matches: matches.map(({ name, digest }) => `${name}@${digest}`) });
  const [found] = matches;
  if (found === undefined) throw artifactNotFound({ reference: text, store, ...suggest(reference, known) });
  return found;
}

function match<K extends Known>(reference: Reference, known: readonly K[]): K[] {
  if (reference.kind !== "alias") {
    const start = reference.kind === "digest" ? reference.digest : `sha256:${reference.prefix}`;
    return known.filter(
      ({ name, digest }) => digest.startsWith(start) && (reference.name === undefined || name === reference.name),
    );
  }
  const { name, alias } = reference;
  if (known.some((one) => one.name === name))
    return known.filter((one) => one.name === name && one.aliases.includes(alias));
  // `9f3c` may be a name as well as the beginning of a digest: names go first.
  const isPrefix = new RegExp(`^[0-9a-f]{${shortestPrefix},64}$`).test(name);
  return isPrefix ? known.filter(({ digest }) => digest.startsWith(`sha256:${name}`)) : [];
}

function suggest(reference: Reference, known: readonly Known[]): { nearest: string[]; known: string[] } {
  const names = [...new Set(known.map(({ name }) => name))].toSorted();
  const { name } = reference;
  if (name === undefined) return { nearest: [], known: names };
  const own = known.filter((one) => one.name === name);
  if (own.length === 0) {
    const nearest = findNearest(name, names);
    return { nearest: nearest === undefined ? [] : [nearest], known: names };
  }
  const all = own.flatMap(({ aliases, digest }) =>
    aliases.length > 0 ? aliases.map((alias) => `${name}:${alias}`) : [`${name}@${shortDigest(digest)}`],
  );
  const aliases = own.flatMap((one) => one.aliases);
  const nearest = reference.kind === "alias" ? findNearest(reference.alias, aliases) : undefined;
  return { nearest: nearest === undefined ? [] : [`${name}:${nearest}`], known: all };
}
