import { findSlipwayError, messageOf } from "../base/errors.ts";
import { artifactNotFound } from "../artifact/errors.ts";
import { describeRows, judge, type MetricGate, type Verdict } from "../artifact/gate.ts";
import type { Artifact, Lineage, Store } from "../artifact/types.ts";
import type { LabelAuditor } from "./audit/gate.ts";
import type { ProjectDefinition } from "../project/types.ts";
import { auditThrew } from "./errors.ts";
import type { MeasureChampion } from "./measure-champion.ts";
import { show } from "./words.ts";

export interface Judged {
  verdict: Verdict;
  /** As it was judged against; undefined where there is none yet. */
  champion: Artifact | undefined;
  /** The judged model is the champion already. */
  reigns: boolean;
  /** Why the champion could not be asked about this run's validation rows. */
  unasked?: string;
}

/** What the gate can do where the data are at hand. */
export interface GateData {
  audit?: LabelAuditor;
  measure?: MeasureChampion;
}

/** Runs the audit and judges a run against the gate and the champion. Throws `auditThrew`; a verdict that fails is a value. */
export async function gateStep(
  definition: Pick<ProjectDefinition, "name" | "gate" | "audit">,
  candidate: Artifact,
  store: Store,
  { audit, measure }: GateData = {},
): Promise<Judged> {
  const { lineage } = candidate;
  const champion = await findChampion(store, definition.name);
  // The champion itself is held against the limits alone: it cannot be worse than itself.
  const reigns = champion?.digest === candidate.digest;
  const findings = await runAudit(definition, { lineage, champion, reigns }, audit);
  const other = reigns ? undefined : champion;
  const gate = definition.gate ?? {};
  const anew = other !== undefined && isCompared(gate) ? await measure?.(other, candidate) : undefined;
  const verdict = judge({
    lineage,
    gate,
    champion: other,
    ...(anew !== undefined && { anew }),
    ...(findings !== undefined && { findings }),
  });
  return { verdict, champion, reigns, ...(anew !== undefined && "reason" in anew && { unasked: anew.reason }) };
}

function isCompared(gate: Readonly<Record<string, MetricGate>>): boolean {
  return Object.values(gate).some(
    ({ notWorseThanChampionBy, betterThanChampionBy }) =>
      notWorseThanChampionBy !== undefined || betterThanChampionBy !== undefined,
  );
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
export function describeVerdict({ verdict, champion, reigns, unasked }: Judged): string {
  const { checks } = verdict;
  if (checks.length === 0) return ["no limits set", describeChampion(champion, reigns)].filter(Boolean).join(" · ");
  const told = new Set<string>();
  const texts = checks.flatMap((check) => {
    const { metric, rule, champion: other, text, passed, sameRows } = check;
    // Without another champion to compare with, a comparison has nothing to say.
    if (rule === "notWorseThanChampionBy" && other === undefined) return [];
    // On fewer rows the value is another one than the limits were held against.
    const ofAll = sameRows === undefined || sameRows.rows === sameRows.of;
    const short = rule === "notWorseThanChampionBy" && other !== undefined && passed && told.has(metric) && ofAll;
    told.add(metric);
    return [short ? `champion ${show(other)}${sameRows === undefined ? "" : describeRows(sameRows)}` : text];
  });
  return [...texts, describeRoughness(verdict, unasked), describeChampion(champion, reigns)]
    .filter(Boolean)
    .join(" · ");
}

/** Whether the champion's figures are of other rows, in a few words: the whole of it is in the verdict. */
function describeRoughness({ checks, notComparable }: Verdict, unasked: string | undefined): string {
  const isTold = checks.some(({ champion, sameRows }) => champion !== undefined && sameRows === undefined);
  if (!isTold || notComparable === undefined) return "";
  const [first = ""] = (unasked ?? "").split("\n");
  const why = first.length > 64 ? `${first.slice(0, 63)}…` : first;
  return why === "" ? "its figures are of other rows" : `its figures are of other rows (not asked about these: ${why})`;
}

function describeChampion(champion: Artifact | undefined, reigns: boolean): string {
  return champion === undefined ? "no champion yet" : reigns ? "it is the champion" : "";
}

async function runAudit(
  { name, audit }: Pick<ProjectDefinition, "name" | "audit">,
  { lineage: { dataset }, champion, reigns }: { lineage: Lineage; champion: Artifact | undefined; reigns: boolean },
  auditor: LabelAuditor | undefined,
): Promise<readonly string[] | undefined> {
  if (audit === undefined) return undefined;
  if (typeof audit !== "function") {
    // These very labels were audited before it became the champion.
    if (reigns) return undefined;
    if (auditor === undefined)
      throw auditThrew({ name, reason: "labels are audited where the data are, and they are not here" });
    return auditor(audit);
  }
  try {
    return await audit({ dataset, champion });
  } catch (error) {
    throw auditThrew({ name, reason: messageOf(error) }, { cause: error });
  }
}
