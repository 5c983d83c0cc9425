/** @file The whole way, and the first part of it that `slipway train` goes. */
import { openStore, storeFolder } from "../artifact/store/layout.ts";
import { toGateError } from "../artifact/gate.ts";
import type { Artifact } from "../artifact/types.ts";
import { digestOfJson, shortDigest } from "../base/digest.ts";
import type { Dataset, Split } from "../data/types.ts";
import { checkPort, type LocalRelease } from "../deploy/targets/local.ts";
import { isTrained, requireTraining } from "../project/training.ts";
import type { Project } from "../project/types.ts";
import { artifactStep } from "./artifact-step.ts";
import { dataStep } from "./data-step.ts";
import { describeVerdict, gateStep } from "./gate-step.ts";
import { chooseHost, choosePort, serveStep } from "./serve-step.ts";
import { trainStep } from "./train-step.ts";
import type { StepName, StepOutcome, WayOptions } from "./types.ts";
import { listValidationFiles, verifyStep } from "./verify-step.ts";
import { countOf, milliseconds, show } from "./words.ts";

export interface UpOptions extends WayOptions {
  target?: "local";
  /** Port of the endpoint; 0 takes a free one. Default: PORT, the project's, 5000. */
  port?: number;
  /** Leave the server running after this process. */
  detach?: boolean;
  /** Each line that the server logs while it is attached. */
  onLog?: (line: string) => void;
}

export interface TrainResult {
  name: string;
  /** Of the champion. */
  digest: string;
  artifact: Artifact;
  dataset: Dataset;
  split: Split;
  steps: StepOutcome[];
}

export interface UpResult {
  name: string;
  /** What was trained; missing for a project without a model. */
  trained?: TrainResult;
  steps: StepOutcome[];
  release: LocalRelease;
}

/**
 * Data, train, gate and artifact: ends with the project's champion being the model of its present inputs. Throws
 * `gateFailed` where the gate holds it back; the model is stored then, and the champion stays as it was.
 */
export async function train(project: Project, options: WayOptions): Promise<TrainResult> {
  const { root } = project;
  const definition = requireTraining(project.definition);
  const steps: StepOutcome[] = [];
  const step = createClock(steps, options);
  const store = await openStore(storeFolder(root));

  const { dataset, split } = await step("data", async () => {
    const found = await dataStep(project, options);
    const { entries, labels, digest, warnings } = found.dataset;
    const text = `${countOf(entries.length, "image")}, ${countOf(labels.length, "label")} · ${shortDigest(digest)}${found.locked ? " · locked" : ""}`;
    return { value: found, text, facts: { digest, count: entries.length, labels, locked: found.locked, warnings } };
  });
  const { artifact: candidate } = await step("train", async () => {
    const found = await trainStep(project, { dataset, split }, store, options);
    const { lineage, digest } = found.artifact;
    const text = found.trained ? describeTraining(found.artifact, split) : `already trained (${shortDigest(digest)})`;
    const { inputs, metrics, history, seed, durationSeconds } = lineage;
    const facts = { digest, inputs, metrics, seed, durationSeconds, epochs: history.length };
    return { value: found, kept: !found.trained, text, facts };
  });
  const judged = await step("gate", async () => {
    const found = await gateStep(definition, candidate, store);
    if (!found.verdict.passed) throw toGateError(definition.name, found.verdict);
    return { value: found, text: describeVerdict(found), facts: { ...found.verdict } };
  });
  const artifact = await step("artifact", async () => {
    const { artifact: promoted, moved } = await artifactStep(store, candidate, judged.champion);
    const name = `${promoted.name}@${shortDigest(promoted.digest)}`;
    const text = moved ? `${name} → champion` : `${name} is the champion already`;
    return {
      value: promoted,
      kept: !moved,
      text,
      facts: { digest: promoted.digest, size: promoted.model.size, moved },
    };
  });
  return { name: definition.name, digest: artifact.digest, artifact, dataset, split, steps };
}

/**
 * `train`, then serve and verify; a project without a model is served only. What is done already for the same digests is not
 * done again.
 */
export async function up(project: Project, options: UpOptions): Promise<UpResult> {
  const host = chooseHost();
  const port = choosePort(project, options.port);
  await checkPort({ root: project.root, host, port });
  const trained = isTrained(project.definition) ? await train(project, options) : undefined;
  const steps = trained?.steps ?? [];
  const step = createClock(steps, options);

  const release = await step("serve", async () => {
    options.report({ step: "serve", label: "start the server" });
    const { detach = false, onLog, signal } = options;
    const found = await serveStep(project, trained?.artifact, { host, port, detach, signal, ...(onLog && { onLog }) });
    const texts = {
      started: "",
      kept: ` · already running (pid ${found.pid})`,
      refreshed: ` · running server took the new model`,
    };
    const facts = { url: found.url, pid: found.pid, port: found.port, outcome: found.outcome };
    return { value: found, kept: found.outcome === "kept", text: found.url + texts[found.outcome], facts };
  });
  try {
    if (trained !== undefined) await step("verify", () => verify(project, release, trained, options));
  } catch (error) {
    if (release.attached) await release.stop();
    throw error;
  }
  return { name: project.definition.name, ...(trained !== undefined && { trained }), steps, release };
}

async function verify(
  project: Project,
  release: LocalRelease,
  trained: TrainResult,
  options: UpOptions,
): Promise<Done<void>> {
  const { artifact, dataset, split } = trained;
  // What a verification depends on: the process keeps one app, so model and data name the rest.
  const subject = digestOfJson([artifact.digest, dataset.digest, Array.from(split.validation)]);
  if (release.verified === subject)
    return { value: undefined, kept: true, text: "already verified", facts: { verified: subject } };
  const files = listValidationFiles(dataset.folder, dataset.entries, split.validation);
  const { report, signal } = options;
  const found = await verifyStep({ project, artifact, url: release.url, files, report, signal });
  await release.noteVerified(subject);
  const text = [
    `${countOf(found.count, "image")} through the endpoint`,
    show(found.correct / found.count),
    `p99 ${milliseconds(found.p99)}`,
  ].join(" · ");
  return { value: undefined, text, facts: { ...found, accuracy: found.correct / found.count } };
}

function describeTraining({ lineage }: Artifact, split: Split): string {
  const { metrics, history } = lineage;
  const [first] = Object.entries(metrics);
  const metric = metrics["accuracy"] === undefined ? first : (["accuracy", metrics["accuracy"]] as const);
  return [
    ...(history.length > 0 ? [countOf(history.length, "epoch")] : []),
    ...(metric === undefined
      ? []
      : [`${metric[0]} ${show(metric[1])} on ${countOf(split.validation.length, "validation image")}`]),
  ].join(" · ");
}

interface Done<T> {
  value: T;
  kept?: boolean;
  text: string;
  facts: Record<string, unknown>;
}

/** Times a step, notes how it ended, and stops between two steps when asked to. */
function createClock(steps: StepOutcome[], { onStep, signal }: WayOptions) {
  return async <T>(step: StepName, work: () => Promise<Done<T>>): Promise<T> => {
    signal.throwIfAborted();
    const started = performance.now();
    const { value, kept = false, text, facts } = await work();
    const seconds = (performance.now() - started) / 1000;
    const outcome: StepOutcome = { step, outcome: kept ? "kept" : "done", text, seconds, facts };
    steps.push(outcome);
    onStep?.(outcome);
    return value;
  };
}
