import { findSlipwayError } from "../base/errors.ts";
import { artifactNotFound } from "../artifact/errors.ts";
import { judge, type Verdict } from "../artifact/gate.ts";
import type { Artifact, Lineage, Store } from "../artifact/types.ts";
import type { ProjectDefinition } from "../project/types.ts";
import { auditThrew } from "./errors.ts";

export interface Judged {
  verdict: Verdict;
  /** As it was judged against; undefined where there is none yet. */
  champion: Artifact | undefined;
  /** The judged model is the champion already. */
  reigns: boolean;
}

/** Runs the audit and judges a run against the gate and the champion. Throws `auditThrew`; a verdict that fails is a value. */
export async function gateStep(
  definition: Pick<ProjectDefinition, "name" | "gate" | "audit">,
  candidate: Artifact,
  store: Store,
): Promise<Judged> {
  const { lineage } = candidate;
  const champion = await findChampion(store, definition.name);
  const findings = await runAudit(definition, lineage, champion);
  // The champion itself is held against the limits alone: it cannot be worse than itself.
  const reigns = champion?.digest === candidate.digest;
  const verdict = judge({
    lineage,
    gate: definition.gate ?? {},
    champion: reigns ? undefined : champion,
    ...(findings !== undefined && { findings }),
  });
  return { verdict, champion, reigns };
}

export async function findChampion(store: Store, name: string): Promise<Artifact | undefined> {
  try {
    return await store.get(`${name}:champion`);
  } catch (error) {
    if (findSlipwayError(error)?.code === artifactNotFound.code) return undefined;
    throw error;
  }
}

/** `accuracy 0.989 ≥ 0.98 · accuracy 0.989 ≥ 0.982 (champion 0.987)`, or that nothing was asked. */
export function describeVerdict({ verdict, champion, reigns }: Judged): string {
  const tail = champion === undefined ? "no champion yet" : reigns ? "it is the champion" : undefined;
  // Without another champion to compare with, the comparisons have nothing to say.
  const told = verdict.checks.filter(
    ({ rule, champion: other }) => rule !== "notWorseThanChampionBy" || other !== undefined,
  );
  const texts = verdict.checks.length === 0 ? ["no limits set"] : told.map(({ text }) => text);
  return [...texts, ...(tail === undefined ? [] : [tail])].join(" · ");
}

async function runAudit(
  { name, audit }: Pick<ProjectDefinition, "name" | "audit">,
  { dataset }: Lineage,
  champion: Artifact | undefined,
): Promise<readonly string[] | undefined> {
  if (audit === undefined) return undefined;
  try {
    return await audit({ dataset, champion });
  } catch (error) {
    throw auditThrew({ name, reason: error instanceof Error ? error.message : String(error) }, { cause: error });
  }
}
