/** @file A training as MLflow's runs: parameters, metrics with their course, what it was trained on, and the model's files. */
import { randomUUID } from "node:crypto";
import { hexOf } from "../../base/digest.ts";
import type { Lineage, PackedArtifact } from "../types.ts";
import { annotations } from "../oci.ts";
import { codeOf, type Json, type MlflowClient } from "./client.ts";
import { printMlmodel } from "./mlmodel.ts";

/** Folder of a run's artifacts. */
export const modelFolder = "model";
/** Where the files lie that the digest is of. */
export const manifestFile = "oci/manifest.json";
export const configFile = "oci/config.json";
/** On runs and on versions of models. */
export const digestTag = "slipway.digest";
export const modelTag = "slipway.model";

export interface WrittenRun {
  runId: string;
  /** `mlflow-artifacts:/1/…/artifacts/model` */
  source: string;
}

/** Writes one run, and one below it for each of several experiments. A run that is cut short is marked as failed. */
export async function writeRun(client: MlflowClient, packed: PackedArtifact): Promise<WrittenRun> {
  const { name, digest, lineage } = packed.artifact;
  const experiment = await provideExperiment(client, name);
  const records = listExperiments(lineage);
  const parent = await createRun(client, experiment, lineage, `${name} ${digest.slice(7, 19)}`, {
    [digestTag]: digest,
    "slipway.inputs": lineage.inputs,
    "slipway.code": lineage.code,
    "slipway.dataset": lineage.dataset.digest,
    ...(lineage.dataset.sample === true && { "slipway.sample": "true" }),
    "mlflow.source.type": "JOB",
    "mlflow.source.name": `slipway ${lineage.versions["slipway"] ?? ""}`.trim(),
  });
  try {
    const { experiments: _told, ...parameters } = lineage.parameters;
    const own = records.length > 0 ? parameters : lineage.parameters;
    await logFigures(client, parent.id, {
      ...lineage,
      parameters: { trainer: lineage.trainer, seed: lineage.seed, ...own },
    });
    await logDataset(client, parent.id, name, lineage);
    await uploadModel(client, parent, packed);
    for (const [index, record] of records.entries()) {
      const best = lineage.parameters["best"] === index;
      const tags = { "mlflow.parentRunId": parent.id, ...(best && { "slipway.best": "true" }) };
      const child = await createRun(client, experiment, lineage, `${record.trainer} ${index + 1}`, tags);
      const its = { trainer: record.trainer, seed: record.seed, ...record.parameters };
      await logFigures(client, child.id, { ...lineage, parameters: its, metrics: record.metrics, history: [] });
      await endRun(client, child.id, "FINISHED", lineage);
    }
    await endRun(client, parent.id, "FINISHED", lineage);
  } catch (error) {
    await endRun(client, parent.id, "FAILED", lineage).catch(() => {
      // What went wrong first is what is told.
    });
    throw error;
  }
  return { runId: parent.id, source: `${parent.artifacts}/${modelFolder}` };
}

/** By name; made where it is missing, and taken back where it was deleted. */
async function provideExperiment(client: MlflowClient, name: string): Promise<string> {
  const find = async (): Promise<{ id: string; deleted: boolean } | undefined> => {
    try {
      const { experiment } = await client.get("experiments/get-by-name", { experiment_name: name });
      const { experiment_id: id, lifecycle_stage: stage } = experiment as Json;
      return { id: String(id), deleted: stage === "deleted" };
    } catch (error) {
      if (codeOf(error) === "RESOURCE_DOES_NOT_EXIST") return undefined;
      throw error;
    }
  };
  const found = await find();
  if (found?.deleted === true) await client.post("experiments/restore", { experiment_id: found.id });
  if (found !== undefined) return found.id;
  try {
    return String((await client.post("experiments/create", { name }))["experiment_id"]);
  } catch (error) {
    // Another made it meanwhile.
    const other = codeOf(error) === "RESOURCE_ALREADY_EXISTS" ? await find() : undefined;
    if (other === undefined) throw error;
    return other.id;
  }
}

async function createRun(
  client: MlflowClient,
  experiment: string,
  { startedAt }: Lineage,
  runName: string,
  tags: Readonly<Record<string, string>>,
): Promise<{ id: string; artifacts: string }> {
  const { run } = await client.post("runs/create", {
    experiment_id: experiment,
    run_name: runName,
    start_time: Date.parse(startedAt),
    tags: toPairs(tags),
  });
  const { info } = run as { info: { run_id: string; artifact_uri: string } };
  return { id: info.run_id, artifacts: info.artifact_uri };
}

async function endRun(
  client: MlflowClient,
  id: string,
  status: "FINISHED" | "FAILED",
  { startedAt, durationSeconds }: Lineage,
): Promise<void> {
  const end = Math.round(Date.parse(startedAt) + durationSeconds * 1000);
  await client.post("runs/update", { run_id: id, status, end_time: end });
}

/** MLflow takes so much at once. */
const mostMetrics = 1000;
const mostParameters = 100;
const mostLetters = 6000;

async function logFigures(
  client: MlflowClient,
  id: string,
  { parameters, metrics, history, startedAt, durationSeconds }: Lineage,
): Promise<void> {
  const begin = Date.parse(startedAt);
  const steps = history.length;
  const course = history.flatMap((record, index) => {
    const timestamp = Math.round(begin + ((index + 1) / (steps + 1)) * durationSeconds * 1000);
    return toMetrics(record, timestamp, stepOf(record) ?? index + 1);
  });
  // Later than the course, and at its last step: this is the figure that MLflow shows.
  const lastStep = Math.max(0, ...course.map(({ step }) => step));
  const all = [...course, ...toMetrics(metrics, Math.round(begin + durationSeconds * 1000), lastStep)];
  const params = Object.entries(parameters).map(([key, value]) => ({ key, value: printValue(value) }));
  for (let at = 0; at < params.length; at += mostParameters)
    await client.post("runs/log-batch", { run_id: id, params: params.slice(at, at + mostParameters) });
  for (let at = 0; at < all.length; at += mostMetrics)
    await client.post("runs/log-batch", { run_id: id, metrics: all.slice(at, at + mostMetrics) });
}

/** Numbers alone. MLflow has no word for infinities in JSON; slipway.json keeps them. */
function toMetrics(record: object, timestamp: number, step: number) {
  return Object.entries(record).flatMap(([key, value]) =>
    typeof value === "number" && Number.isFinite(value) && key !== "epoch" ? [{ key, value, timestamp, step }] : [],
  );
}

function stepOf(record: object): number | undefined {
  const { epoch } = record as { epoch?: unknown };
  return typeof epoch === "number" && Number.isInteger(epoch) ? epoch : undefined;
}

function printValue(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > mostLetters ? `${text.slice(0, mostLetters - 1)}…` : text;
}

async function logDataset(client: MlflowClient, id: string, name: string, { dataset }: Lineage): Promise<void> {
  const { digest, count, labels } = dataset;
  const described = {
    name,
    // MLflow keeps 36 letters.
    digest: hexOf(digest, 36),
    source_type: "slipway",
    source: JSON.stringify({ digest }),
    profile: JSON.stringify({ num_rows: count, labels }),
  };
  const tags = [{ key: "mlflow.data.context", value: "training" }];
  await client.post("runs/log-inputs", { run_id: id, datasets: [{ tags, dataset: described }] });
}

async function uploadModel(
  client: MlflowClient,
  { id, artifacts }: { id: string; artifacts: string },
  { artifact, manifest, blobs }: PackedArtifact,
): Promise<void> {
  const to = `${artifacts}/${modelFolder}`;
  const uuid = randomUUID().replaceAll("-", "");
  await client.upload(to, "MLmodel", new TextEncoder().encode(printMlmodel(artifact, id, uuid)));
  for (const { descriptor, bytes } of blobs) {
    const file = descriptor.annotations?.[annotations.filepath] ?? descriptor.annotations?.[annotations.title];
    await client.upload(to, file ?? configFile, bytes);
  }
  await client.upload(to, manifestFile, manifest.bytes);
}

interface ExperimentRecord {
  trainer: string;
  parameters: Readonly<Record<string, unknown>>;
  seed: number;
  metrics: Readonly<Record<string, number>>;
}

/** What `experiments([…])` tried; nothing for other trainers. */
function listExperiments({ parameters }: Lineage): readonly ExperimentRecord[] {
  const { experiments } = parameters;
  return Array.isArray(experiments) ? (experiments as ExperimentRecord[]) : [];
}

export function toPairs(record: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}
