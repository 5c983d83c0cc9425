import type { Artifact, Store } from "../types.ts";
import { artifactNotFound } from "../errors.ts";
import { findSlipwayError } from "../../base/errors.ts";

export interface CopyOptions {
  /** An alias to give it there. With `expect`, only if that alias points there now, as in `Store.setAlias`. */
  alias?: { name: string; expect?: Artifact["digest"] | undefined };
}

/**
 * Copies an artifact from store to store, byte for byte: its digest stays. What the other store has already is not read again.
 * Throws what `pack`, `putPacked` and `setAlias` throw.
 */
export async function copyArtifact(
  from: Pick<Store, "get" | "pack">,
  to: Pick<Store, "get" | "putPacked" | "setAlias">,
  reference: string,
  { alias }: CopyOptions = {},
): Promise<Artifact> {
  const { name, digest } = await from.get(reference);
  const there = `${name}@${digest}`;
  const copied = (await to.get(there).catch(ignoreNotFound)) ?? (await to.putPacked(await from.pack(there)));
  if (alias === undefined) return copied;
  const { name: aliasName, ...expected } = alias;
  await to.setAlias(name, aliasName, digest, expected);
  return to.get(there);
}

function ignoreNotFound(error: unknown): undefined {
  if (findSlipwayError(error)?.code !== artifactNotFound.code) throw error;
}
