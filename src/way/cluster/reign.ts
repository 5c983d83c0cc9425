/** @file Who reigns in a store that pods alone see: the last run that was judged there has said so in its log. */
import { pick, type Pod } from "../../deploy/cluster/shapes.ts";
import { listObjects } from "../../deploy/cluster/objects.ts";
import { readLastLines } from "../../deploy/cluster/logs.ts";
import { trainerContainer } from "../../kube/job.ts";
import { toSelector } from "../../kube/labels.ts";
import { domain } from "../../kube/types.ts";
import { parseJobEvent } from "../job/events.ts";
import type { StepOutcome } from "../types.ts";
import type { JobResultEvent } from "./follow-job.ts";
import type { ClusterPlace } from "./place.ts";

export interface Reign {
  /** Of the run that was judged last: what named its Job. */
  inputs: string;
  /** Its `artifact` is the champion since then: the run's own model, or the one before it that stayed. */
  result: JobResultEvent;
  told: readonly StepOutcome[];
}

/** Steps and the result are a pod's last words; long lines count as several. */
const lastLines = 200;

/** Runs of Jobs and of the schedule alike. Undefined where no log of one is left. */
export async function findReign(
  { cluster, namespace }: Pick<ClusterPlace, "cluster" | "namespace">,
  project: string,
): Promise<Reign | undefined> {
  const labels = toSelector(project, "trainer");
  const { items } = await listObjects(cluster, { apiVersion: "v1", kind: "Pod", namespace, labels });
  const ended = pick(items, "Pod")
    .filter(({ status }) => status?.phase === "Succeeded")
    .toSorted((a, b) => endOf(b).localeCompare(endOf(a)));
  for (const pod of ended) {
    const wanted = { pod, container: trainerContainer, previous: false, lines: lastLines };
    const events = (await readLastLines(cluster, wanted)).flatMap((line) => parseJobEvent(line) ?? []);
    const result = events.findLast((event) => event.type === "result");
    // Of several experiments, the last to end tells of all.
    if (result === undefined) continue;
    const told = events.filter((event) => event.type === "step");
    return { inputs: pod.metadata.annotations?.[`${domain}/inputs`] ?? "", result, told };
  }
  return undefined;
}

/** RFC 3339 in UTC, as the API writes it: as text it sorts by time. */
function endOf({ status }: Pod): string {
  const ends = (status?.containerStatuses ?? []).map(({ state }) => state?.terminated?.finishedAt ?? "");
  return ends.toSorted().at(-1) ?? "";
}
