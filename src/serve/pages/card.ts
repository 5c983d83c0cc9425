import type { Artifact } from "../../artifact/types.ts";
import type { Operation } from "../service.ts";

/** The model's card: what it is, where it comes from, how good it is, and how to ask it. */
export function toCard(artifact: Artifact, operations: readonly Operation[]): object {
  const { name, digest, model, signature, createdAt, aliases } = artifact;
  const { dataset, code, trainer, parameters, seed, metrics, history, versions, startedAt, durationSeconds } =
    artifact.lineage;
  return {
    name,
    digest,
    model,
    createdAt,
    aliases,
    signature,
    lineage: { dataset, code, trainer, parameters, seed, metrics, history, versions, startedAt, durationSeconds },
    routes: operations.map(({ method, path, field }) => ({ method, path, ...(field !== undefined && { field }) })),
  };
}
