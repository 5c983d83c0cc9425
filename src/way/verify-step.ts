/** @file The live endpoint against its own training run: the validation rows go through real HTTP, as callers send them. */
import type { Artifact } from "../artifact/types.ts";
import { createAgent } from "../base/ask.ts";
import type { Report } from "../base/progress.ts";
import type { ColumnsBody, ModelRoute, Project, Route } from "../project/types.ts";
import { verifyFailed, verifyOtherModel } from "./errors.ts";
import { createMarker, type Marks } from "./marks.ts";
import { encodeQuestion, type Question, type QuestionKind } from "./question.ts";
import { askReadiness } from "./readiness.ts";
import { post } from "./upload.ts";

export interface VerifySubject {
  project: Pick<Project, "definition">;
  artifact: Artifact;
  /** Of the endpoint: `http://127.0.0.1:5000`. */
  url: string;
  /** What the endpoint lets in: its login. */
  headers?: Readonly<Record<string, string>>;
  /** The validation rows. */
  questions: readonly Question[];
  /** The model was measured on other rows than these: its own figure says nothing of them. Default false. */
  otherRows?: boolean;
  report: Report;
  signal: AbortSignal;
}

export interface Verified extends Marks {
  count: number;
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
 * Sends all questions; throws `verifyFailed` with the first answers that were refused, `verifyOtherModel`, and `verifyDiffers`
 * unless exactly as many are right as the training run had right, or `verifyFindsOther` where boxes are found less or more precisely.
 */
export async function verifyStep(subject: VerifySubject): Promise<Verified> {
  const { artifact, url, headers = {}, questions, report, signal } = subject;
  const kind = questions[0]?.subject.kind ?? "image";
  const own = findRoute(subject.project.definition.serve?.routes, kind);
  const marker = await createMarker(artifact, own.route);
  // A route whose answers tell too little is left for the one that always tells all.
  const { path, field } = marker.readsRoute ? own : wholeRoutes[kind];
  const agent = createAgent(url, { maxSockets: concurrency });
  const started = performance.now();
  const latencies: number[] = [];
  const failures: string[] = [];
  let failed = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < questions.length; at = next++) {
      signal.throwIfAborted();
      const question = questions[at]!;
      const encoded = await encodeQuestion(question, field);
      const sent = performance.now();
      const answer = await post({ agent, url: url + path, headers, signal, ...encoded });
      latencies.push(performance.now() - sent);
      if (answer.digest !== undefined && answer.digest !== artifact.digest && answer.status < 400)
        throw verifyOtherModel({ url, seen: answer.digest, wanted: artifact.digest });
      if (answer.status >= 400) {
        failed++;
        if (failures.length < 5) failures.push(`${question.name}: ${answer.status} ${answer.text.slice(0, 300)}`);
      } else marker.mark(question, parse(answer.text));
      report({ step: "verify", label: "questions to the endpoint", done: latencies.length, total: questions.length });
    }
  };
  try {
    await requireReady(url, artifact.digest, signal);
    await Promise.all(Array.from({ length: concurrency }, work));
  } finally {
    agent.destroy();
  }
  if (failed > 0) throw verifyFailed({ url, failures, failed, count: questions.length });
  const sorted = latencies.slice(latencies.length > 2 * warmup ? warmup : 0).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  if (subject.otherRows !== true) marker.compare(url, questions.length);
  return {
    count: questions.length,
    ...marker.result(),
    p50: at(0.5),
    p99: at(0.99),
    seconds: (performance.now() - started) / 1000,
  };
}

export interface ChosenRoute {
  path: string;
  /** The part of a form or the member of a body; empty where the columns themselves are the body. */
  field: string;
  route: Pick<ModelRoute, "output">;
}

/** Every server has them: they answer with the whole prediction. */
export const wholeRoutes: Readonly<Record<QuestionKind, ChosenRoute>> = {
  image: { path: "/playground/predict", field: "image", route: {} },
  text: { path: "/playground/predict", field: "text", route: {} },
  features: { path: "/playground/predict", field: "", route: {} },
};

/** The project's first route that takes such a question, or the server's own. */
export function findRoute(routes: Readonly<Record<string, Route>> = {}, kind: QuestionKind = "image"): ChosenRoute {
  for (const [key, route] of Object.entries(routes)) {
    if (route.handle !== undefined || !key.startsWith("POST ")) continue;
    const path = key.slice("POST ".length);
    if (isColumns(route.input)) {
      if (kind === "features") return { path, field: "", route };
      continue;
    }
    const [field, taken] = Object.entries(route.input)[0] ?? [];
    if (field !== undefined && taken?.kind === kind) return { path, field, route };
  }
  return wholeRoutes[kind];
}

function isColumns(input: ModelRoute["input"]): input is ColumnsBody {
  return input.kind === "columns";
}

/** Whether a model was measured on the rows that these data and this trainer validate on: a champion that stayed may be older. */
export function isOfOtherRows(
  { lineage }: Artifact,
  dataset: { digest: string },
  trainer: { seed: number; validation: number } | undefined,
): boolean {
  if (lineage.dataset.digest !== dataset.digest) return true;
  return (
    lineage.seed !== trainer?.seed || (lineage.parameters["validation"] ?? trainer.validation) !== trainer.validation
  );
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
    // An answer that is no JSON tells nothing; it counts as wrong.
    return undefined;
  }
}
