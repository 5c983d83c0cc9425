import type { Artifact, Store } from "../artifact/types.ts";

export interface Promoted {
  artifact: Artifact;
  /** False where it was the champion before. */
  moved: boolean;
}

/**
 * Points `champion` at a stored model that the gate let through. `champion` is the one it was judged against: where somebody
 * moved the alias meanwhile, that is an error (`aliasMoved`) and nothing changes.
 */
export async function artifactStep(
  store: Store,
  artifact: Artifact,
  champion: Artifact | undefined,
): Promise<Promoted> {
  if (champion?.digest === artifact.digest) return { artifact: champion, moved: false };
  await store.setAlias(artifact.name, "champion", artifact.digest, { expect: champion?.digest });
  return { artifact: await store.get(`${artifact.name}@${artifact.digest}`), moved: true };
}
