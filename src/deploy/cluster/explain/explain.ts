/** @file Why something in a cluster does not come up, in words that somebody can act on. Pure. A new cause is one file and one line here. */
import { explainAdmission } from "./admission.ts";
import { explainConfig } from "./config.ts";
import { explainCrashes } from "./crash.ts";
import type { Check, ClusterState, Finding } from "./finding.ts";
import { explainImages } from "./image.ts";
import { explainJobs } from "./job.ts";
import { explainNetwork } from "./network.ts";
import { explainNodes } from "./node.ts";
import { explainProbes } from "./probe.ts";
import { explainScheduling } from "./schedule.ts";
import { explainVolumes } from "./volume.ts";

/** Causes before their consequences. */
const checks: readonly Check[] = [
  explainAdmission,
  explainVolumes,
  explainScheduling,
  explainConfig,
  explainImages,
  explainCrashes,
  explainProbes,
  explainNodes,
  explainJobs,
  explainNetwork,
];

/** Each cause once, however many pods have it: the evidence is that of the first. */
export function explain(state: ClusterState): Finding[] {
  const found = new Map<string, Finding & { others: number }>();
  for (const finding of checks.flatMap((check) => check(state))) {
    const key = keyOf(finding, state);
    const same = found.get(key);
    if (same === undefined) found.set(key, { ...finding, others: 0 });
    else found.set(key, { ...same, ...atOnce(same, finding), others: same.others + 1 });
  }
  return [...found.values()].map(({ others, ...finding }) =>
    others === 0 ? finding : { ...finding, cause: `${finding.cause} (and ${others} more like it)` },
  );
}

/** Pods of one Deployment differ by their names only. */
function keyOf({ code, cause, object }: Finding, { objects }: ClusterState): string {
  if (object.kind !== "Pod") return `${code} ${object.kind} ${object.name}`;
  const pod = objects.find(({ kind, metadata }) => kind === "Pod" && metadata.name === object.name);
  const owner = pod?.metadata.ownerReferences?.find(({ controller }) => controller === true)?.name;
  return owner === undefined
    ? `${code} ${object.name}`
    : `${code} ${owner} ${code === "crash" ? "" : cause.replaceAll(object.name, "")}`;
}

/** The sooner of the two. */
function atOnce(a: Finding, b: Finding): Pick<Finding, "final"> {
  const known = [a.final, b.final].filter((value) => value !== undefined);
  return known.length === 0 ? {} : { final: Math.min(...known) };
}
