/** @file The live endpoint against its own training run: the validation files go through real HTTP, as callers send them. */
import { readFile } from "node:fs/promises";
import { Agent } from "node:http";
import { basename, join } from "node:path";
import type { Artifact } from "../artifact/types.ts";
import type { Report } from "../base/progress.ts";
import type { ModelRoute, Project, Route } from "../project/types.ts";
import { createAnswerReader } from "./answers.ts";
import { verifyDiffers, verifyFailed, verifyOtherModel } from "./errors.ts";
import { askReadiness } from "./readiness.ts";
import { uploadFile } from "./upload.ts";

export interface VerifySubject {
  project: Pick<Project, "definition">;
  artifact: Artifact;
  /** Of the endpoint: `http://127.0.0.1:5000`. */
  url: string;
  /** The validation files: absolute path and label of each. */
  files: readonly { path: string; label: string }[];
  report: Report;
  signal: AbortSignal;
}

export interface Verified {
  count: number;
  correct: number;
  /** Milliseconds, as this client saw them under its own load, warm. */
  p50: number;
  p99: number;
  seconds: number;
}

/** Requests on their way at once: enough for the server to fill batches, few enough that latency is not the queue's. */
const concurrency = 8;
/** The first requests meet a process that has not warmed up: they count as answers, not in the latency. */
const warmup = 100;

/**
 * Sends all files; throws `verifyFailed` with the first answers that were refused, `verifyOtherModel`, and `verifyDiffers`
 * unless exactly as many are right as the training run had right.
 */
export async function verifyStep(subject: VerifySubject): Promise<Verified> {
  const { artifact, url, files, report, signal } = subject;
  const labels = artifact.signature.outputs.find(({ content }) => content?.kind === "probabilities")?.content;
  const own = findRoute(subject.project.definition.serve?.routes);
  const names = labels?.kind === "probabilities" ? labels.labels : [];
  const readOwn = await createAnswerReader(own.route, names);
  // A route whose answers tell no label is left for the one that always does.
  const { path, field } = readOwn === undefined ? wholeRoute : own;
  const read = readOwn ?? (await createAnswerReader(wholeRoute.route, names));
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const started = performance.now();
  const latencies: number[] = [];
  const failures: string[] = [];
  let failed = 0;
  let correct = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < files.length; at = next++) {
      signal.throwIfAborted();
      const file = files[at]!;
      const content = await readFile(file.path);
      const sent = performance.now();
      const answer = await uploadFile({ agent, url: url + path, field, path: file.path, content, signal });
      latencies.push(performance.now() - sent);
      if (answer.digest !== undefined && answer.digest !== artifact.digest && answer.status < 400)
        throw verifyOtherModel({ url, seen: answer.digest, wanted: artifact.digest });
      if (answer.status >= 400) {
        failed++;
        if (failures.length < 5) failures.push(`${basename(file.path)}: ${answer.status} ${answer.text.slice(0, 300)}`);
      } else if (read?.(parse(answer.text)) === file.label) correct++;
      report({ step: "verify", label: "images through the endpoint", done: latencies.length, total: files.length });
    }
  };
  try {
    await requireReady(url, artifact.digest, signal);
    await Promise.all(Array.from({ length: concurrency }, work));
  } finally {
    agent.destroy();
  }
  if (failed > 0) throw verifyFailed({ url, failures, failed, count: files.length });
  const sorted = latencies.slice(latencies.length > 2 * warmup ? warmup : 0).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  compare(url, correct, files.length, artifact);
  return {
    count: files.length,
    correct,
    p50: at(0.5),
    p99: at(0.99),
    seconds: (performance.now() - started) / 1000,
  };
}

export interface ChosenRoute {
  path: string;
  field: string;
  route: Pick<ModelRoute, "output">;
}

/** Every server has it: it answers with the whole prediction. */
export const wholeRoute: ChosenRoute = { path: "/playground/predict", field: "image", route: {} };

/** The project's first route that takes an image, or the server's own. */
export function findRoute(routes: Readonly<Record<string, Route>> = {}): ChosenRoute {
  for (const [key, route] of Object.entries(routes)) {
    if (route.handle !== undefined || !key.startsWith("POST ")) continue;
    const [field, taken] = Object.entries(route.input)[0] ?? [];
    if (field !== undefined && typeof taken === "object" && taken.kind === "image")
      return { path: key.slice("POST ".length), field, route };
  }
  return wholeRoute;
}

/** Correct answers are whole numbers: the run's accuracy times its rows must be this count, not merely be near it. */
function compare(url: string, correct: number, count: number, { lineage }: Artifact): void {
  const accuracy = lineage.metrics["accuracy"];
  if (accuracy === undefined || !Number.isFinite(accuracy)) return;
  const wanted = Math.round(accuracy * count);
  if (correct !== wanted) throw verifyDiffers({ url, correct, wanted, count });
}

async function requireReady(url: string, wanted: string, signal: AbortSignal): Promise<void> {
  const { status, text, digest } = await askReadiness(url, signal);
  if (status !== 200) throw verifyFailed({ url, failures: [`/readyz: ${status} ${text}`], failed: 1, count: 1 });
  if (digest !== wanted) throw verifyOtherModel({ url, seen: digest ?? "an unnamed model", wanted });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // An answer that is no JSON names no label; it counts as wrong.
    return undefined;
  }
}

export function listValidationFiles(
  folder: string,
  entries: readonly { path: string; label: string }[],
  rows: Int32Array,
): { path: string; label: string }[] {
  return Array.from(rows, (row) => ({ path: join(folder, entries[row]!.path), label: entries[row]!.label }));
}
