/** @file What applying an object would do, by a server-side dry run, and then doing it. */
import { isDeepStrictEqual } from "node:util";
import { findSlipwayError, type SlipwayError } from "../../base/errors.ts";
import type { KubeObject } from "../../kube/types.ts";
import { fieldManager } from "../../kube/types.ts";
import { fieldConflict } from "../errors.ts";
import { compareObjects } from "./compare.ts";
import { applyObject, getObject, refOf } from "./objects.ts";
import type { Cluster, LiveObject, ManagedField } from "./types.ts";

export interface Trial {
  object: KubeObject;
  action: "created" | "changed" | "unchanged";
  /** As the server would have it; undefined where its namespace is still missing, so that nothing could be tried. */
  result: LiveObject | undefined;
  force: boolean;
  /** Replicas to hand to another manager first, so that they do not fall back to 1 when we stop naming them. */
  handOver: number | undefined;
}

export interface TrialOptions {
  /** The namespace is still to be made. */
  fresh: boolean;
  force: boolean;
  signal?: AbortSignal | undefined;
}

/** Holds what we gave up on purpose, and gives it back without a word. */
const handOverManager = "slipway-handover";

export async function tryObjects(
  cluster: Cluster,
  objects: readonly KubeObject[],
  options: TrialOptions,
): Promise<{ trials: Trial[]; faults: SlipwayError[] }> {
  const scaled = objects.some(({ kind }) => kind === "HorizontalPodAutoscaler");
  const outcomes = await Promise.allSettled(objects.map((object) => tryObject(cluster, object, options, scaled)));
  const faults: SlipwayError[] = [];
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") continue;
    const fault = findSlipwayError(outcome.reason);
    if (fault === undefined) throw outcome.reason;
    faults.push(fault);
  }
  return { trials: outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : [])), faults };
}

export async function applyTrial(
  cluster: Cluster,
  { object, result, force, handOver, action }: Trial,
  signal: AbortSignal | undefined,
): Promise<{ object: LiveObject; action: Trial["action"] }> {
  if (handOver !== undefined) {
    const { name, namespace = "" } = object.metadata;
    const part = { apiVersion: object.apiVersion, kind: object.kind, metadata: { name, namespace } };
    const manager = handOverManager;
    await applyObject(cluster, { ...part, spec: { replicas: handOver } }, { manager, force: true, signal });
  }
  const applied = await applyObject(cluster, object, { force, signal });
  if (result?.metadata.resourceVersion === undefined) return { object: applied, action: "created" };
  // Controllers write to it all the time: only what we set counts, and what we have stopped to set.
  const same = action === "unchanged" && isSameWithin(object, result, applied);
  return { object: applied, action: same ? "unchanged" : "changed" };
}

async function tryObject(
  cluster: Cluster,
  object: KubeObject,
  { fresh, force, signal }: TrialOptions,
  scaled: boolean,
): Promise<Trial> {
  if (fresh) return { object, action: "created", result: undefined, force, handOver: undefined };
  const run = async (forced: boolean): Promise<Trial> => {
    for (let attempt = 1; ; attempt++) {
      const [live, result] = await Promise.all([
        getObject(cluster, refOf(object)),
        applyObject(cluster, object, { dryRun: true, force: forced, signal }),
      ]);
      // Between the two a controller may have written to it; then they tell nothing about us.
      if (live?.metadata.resourceVersion !== result.metadata.resourceVersion && attempt < 4) continue;
      const handOver = findHandOver(object, live);
      const isNew = result.metadata.resourceVersion === undefined;
      const same = live !== undefined && handOver === undefined && compareObjects(live, result).length === 0;
      return { object, action: isNew ? "created" : same ? "unchanged" : "changed", result, force: forced, handOver };
    }
  };
  try {
    return await run(force);
  } catch (error) {
    if (!isOursToTake(error, scaled)) throw error;
    return run(true);
  }
}

/**
 * The number of replicas that we named until now and name no more: an autoscaler is to decide from here on. Dropping a field that only
 * we own sets it to its default: one pod, under load. https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
 */
function findHandOver(object: KubeObject, live: LiveObject | undefined): number | undefined {
  const spec = object["spec"] as { replicas?: number } | undefined;
  if (object.kind !== "Deployment" || spec?.replicas !== undefined) return undefined;
  const owned = live?.metadata.managedFields?.some((entry) => isOurs(entry) && ownsReplicas(entry)) ?? false;
  return owned ? (live?.["spec"] as { replicas?: number } | undefined)?.replicas : undefined;
}

/** Whether every field that `object` sets is the same in both. */
function isSameWithin(object: unknown, a: unknown, b: unknown): boolean {
  if (typeof object !== "object" || object === null || Array.isArray(object)) return isDeepStrictEqual(a, b);
  return Object.entries(object).every(([name, value]) =>
    isSameWithin(
      value,
      (a as Record<string, unknown> | undefined)?.[name],
      (b as Record<string, unknown> | undefined)?.[name],
    ),
  );
}

function isOurs({ manager, operation }: ManagedField): boolean {
  return manager === fieldManager && operation === "Apply";
}

function ownsReplicas({ fieldsV1 }: ManagedField): boolean {
  const spec = fieldsV1?.["f:spec"] as Record<string, unknown> | undefined;
  return spec !== undefined && "f:replicas" in spec;
}

/** Replicas that an autoscaler of ours set, or that we parked, come back to us when the project has no autoscaler any more. */
function isOursToTake(error: unknown, scaled: boolean): boolean {
  const found = findSlipwayError(error);
  if (found?.code !== fieldConflict.code || scaled) return false;
  const conflicts = found.details["conflicts"] as { manager: string; fields: string[] }[];
  return conflicts.every(
    ({ manager, fields }) =>
      [handOverManager, "kube-controller-manager"].includes(manager) &&
      fields.every((field) => field === ".spec.replicas"),
  );
}
