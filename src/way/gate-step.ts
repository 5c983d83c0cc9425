import { findSlipwayError } from "../base/errors.ts";
import { artifactNotFound } from "../artifact/errors.ts";
import { judge, toGateError, type Verdict } from "../artifact/gate.ts";
import type { Artifact, Lineage, Store } from "../artifact/types.ts";
import type { ProjectDefinition } from "../project/types.ts";
import { auditThrew } from "./errors.ts";

export interface Judged {
  verdict: Verdict;
  /** As it was judged against; undefined where there is none yet. */
  champion: Artifact | undefined;
}

/** Runs the audit and judges a run against the gate and the champion. Throws `auditThrew`; a verdict that fails is a value. */
export async function gateStep(
  definition: Pick<ProjectDefinition, "name" | "gate" | "audit">,
  lineage: Lineage,
  store: Store,
): Promise<Judged> {
  const champion = await findChampion(store, definition.name);
  const findings = await runAudit(definition, lineage, champion);
  const verdict = judge({
    lineage,
    gate: definition.gate ?? {},
    champion,
    ...(findings !== undefined && { findings }),
  });
  return { verdict, champion };
}

export async function findChampion(store: Store, name: string): Promise<Artifact | undefined> {
  try {
    return await store.get(`${name}:champion`);
  } catch (error) {
    if (findSlipwayError(error)?.code === artifactNotFound.code) return undefined;
    throw error;
  }
}

/** `accuracy 0.989 ≥ 0.98 · champion 0.987`, or that nothing was asked. */
export function describeVerdict({ verdict, champion }: Judged): string {
  if (verdict.checks.length === 0) return "no limits set";
  const texts = verdict.checks.map(({ text }) => text);
  return [...texts, ...(champion === undefined ? ["no champion yet"] : [])].filter(isNews).join(" · ");
}

/** Several limits of one metric without a champion say so once. */
function isNews(text: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(text) === index && !(text.endsWith(", no champion yet") && all.includes("no champion yet"));
}

export { toGateError };

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
