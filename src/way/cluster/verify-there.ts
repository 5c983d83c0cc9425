/** @file The released model, asked through the address that callers use. */
import type { Artifact } from "../../artifact/types.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { recordOutcome } from "../../deploy/cluster/history.ts";
import type { Project } from "../../project/types.ts";
import type { Done, Told } from "../clock.ts";
import { describeVerification } from "../describe.ts";
import { modelNotReached } from "../errors.ts";
import { findChampion } from "../gate-step.ts";
import { listQuestions } from "../question.ts";
import type { WayOptions } from "../types.ts";
import { isOfOtherRows, verifyStep } from "../verify-step.ts";
import { describeModel, isInImage, type Deployed } from "./deploy-step.ts";
import { clusterLoginHeaders } from "./login.ts";
import { isOnVolume, type ClusterPlace } from "./place.ts";
import { findReign } from "./reign.ts";
import type { Settled } from "./settle.ts";
import type { Stores } from "./stores.ts";
import type { ClusterTrainResult } from "./train-way.ts";
import { waitForModel, type WaitOptions } from "./wait-for-model.ts";

/** The history remembers which release was verified: the same one is not verified again, from whatever machine. */
export async function verifyThere(
  project: Project,
  { artifact: released, data }: ClusterTrainResult,
  place: ClusterPlace,
  stores: Stores,
  { applied: { kept, release }, settled: { pods } }: { applied: Deployed; settled: Settled },
  url: string,
  { report, signal }: WayOptions,
): Promise<Done<void>> {
  const { cluster, namespace } = place;
  if (kept && release?.outcome === "live")
    return { value: undefined, kept: true, text: "already verified", facts: { release: release.number } };
  report({ step: "verify", label: "wait for the new model" });
  const times = 5 + 5 * pods.length;
  const artifact = await waitForChampion(project, released, place, stores, { url, times, signal });
  const told =
    data === undefined ? undefined : await verifyData(project, artifact, data, place, url, { report, signal });
  if (release !== undefined)
    await recordOutcome(cluster, { project: project.definition.name, namespace, number: release.number }, "live");
  // Without the data nothing is known that its answers could be held against.
  const text = `answers from ${describeModel(artifact)}`;
  return { value: undefined, ...(told ?? { text, facts: { digest: artifact.digest } }) };
}

/** Gives what answers: the released model, or one that a scheduled run has made the champion meanwhile. */
async function waitForChampion(
  { definition: { name } }: Project,
  released: Artifact,
  place: ClusterPlace,
  { store }: Stores,
  asked: Pick<WaitOptions, "times" | "signal"> & { url: string },
): Promise<Artifact> {
  const { url, ...how } = asked;
  const { every = 10 } = place.deploy.model ?? {};
  // Pods that follow an alias look at it each by its own clock.
  const patienceMs = 30_000 + (isInImage(place) ? 0 : every * 1000);
  try {
    await waitForModel(url, { ...how, digest: released.digest, patienceMs });
    return released;
  } catch (error) {
    if (isInImage(place) || findSlipwayError(error)?.code !== modelNotReached.code) throw error;
    const now = isOnVolume(place) ? (await findReign(place, name))?.result.artifact : await findChampion(store, name);
    if (now === undefined || now.digest === released.digest) throw error;
    await waitForModel(url, { ...how, digest: now.digest, patienceMs });
    return now;
  }
}

async function verifyData(
  project: Project,
  artifact: Artifact,
  { dataset, split }: NonNullable<ClusterTrainResult["data"]>,
  place: ClusterPlace,
  url: string,
  options: Pick<WayOptions, "report" | "signal">,
): Promise<Told> {
  const questions = listQuestions(dataset, split.validation);
  const otherRows = isOfOtherRows(artifact, dataset, project.definition.train);
  const headers = await clusterLoginHeaders(project, place);
  const subject = { project, artifact, url, headers, questions, otherRows, ...options };
  return describeVerification(await verifyStep(subject), dataset);
}
