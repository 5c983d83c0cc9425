/** @file The whole way, and the first part of it that `slipway train` goes. */
import { openStore, storeFolder } from "../artifact/store/layout.ts";
import type { Artifact } from "../artifact/types.ts";
import { digestOfJson } from "../base/digest.ts";
import type { Dataset, Split } from "../data/types.ts";
import { checkPort, type LocalRelease } from "../deploy/targets/local.ts";
import { isTrained, requireTraining } from "../project/training.ts";
import type { Project } from "../project/types.ts";
import { createClock, type Done } from "./clock.ts";
import { dataStep } from "./data-step.ts";
import { describeDataset, describeTraining, describeVerification } from "./describe.ts";
import { createGateData } from "./gate-data.ts";
import { promoteStep } from "./promote-step.ts";
import { chooseHost, choosePort, serveStep } from "./serve-step.ts";
import { trainStep } from "./train-step.ts";
import type { StepOutcome, WayOptions } from "./types.ts";
import { listQuestions } from "./question.ts";
import { loginHeaders } from "./login.ts";
import { isOfOtherRows, verifyStep } from "./verify-step.ts";

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
    return { value: found, ...describeDataset(found.dataset, found) };
  });
  const { artifact: candidate } = await step("train", async () => {
    const found = await trainStep(project, { dataset, split }, store, options);
    return { value: found, kept: !found.trained, ...describeTraining(found, { dataset, split }) };
  });
  const artifact = await promoteStep(
    definition,
    candidate,
    store,
    step,
    createGateData(project, { dataset, split }, store, options),
  );
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
  const questions = listQuestions(dataset, split.validation);
  const otherRows = isOfOtherRows(artifact, dataset, project.definition.train);
  const { report, signal } = options;
  const found = await verifyStep({
    project,
    artifact,
    url: release.url,
    headers: loginHeaders(project),
    questions,
    otherRows,
    report,
    signal,
  });
  await release.noteVerified(subject);
  return { value: undefined, ...describeVerification(found, dataset) };
}
