/** @file Sends a contract's requests to an endpoint and holds what comes back against its targets. */
import { askHttp } from "../../base/ask.ts";
import { contractNoEndpoint } from "../errors.ts";
import { checkAnswer } from "./check.ts";
import { createGenerator } from "./generate.ts";
import { type DataKind, writeMessage } from "./message.ts";
import type { Breach, BreachKind, Contract, ContractField } from "./types.ts";

export type ContractEndpoint = "predict" | "send-feedback" | "transform-input";

export interface ContractOptions {
  /** With a path: that one is asked. Without: the first of Seldon's paths that is there. */
  url: string;
  endpoint: ContractEndpoint;
  requests: number;
  /** Rows a request. */
  batch: number;
  kind: DataKind;
  seed: number;
  headers?: Readonly<Record<string, string>>;
  /** Milliseconds for one answer. Default 30,000. */
  timeout?: number;
  signal: AbortSignal;
  onAnswer?: (done: number) => void;
}

export interface TargetReport {
  name: string;
  /** Of the numbers seen. */
  least?: number;
  most?: number;
  mean?: number;
  /** How often each value of a categorical target was seen. */
  counts?: Record<string, number>;
}

export interface ContractReport {
  /** Which was asked in the end. */
  url: string;
  requests: number;
  rows: number;
  /** Answers with at least one breach. */
  broken: number;
  /** The first breach of each kind and target, with the request that brought it. */
  breaches: (Breach & { times: number; request: object; answer: unknown })[];
  targets: TargetReport[];
}

const paths: Readonly<Record<ContractEndpoint, readonly string[]>> = {
  predict: ["/api/v1.0/predictions", "/api/v0.1/predictions", "/predict"],
  "send-feedback": ["/api/v1.0/feedback", "/api/v0.1/feedback", "/send-feedback"],
  "transform-input": ["/transform-input"],
};

/** Runs the contract. A breach is a value of the report; throws `contractNoEndpoint`, and what fetch throws where nobody listens. */
export async function runContract(contract: Contract, options: ContractOptions): Promise<ContractReport> {
  const { requests, batch, kind, seed, endpoint, signal } = options;
  const draw = createGenerator(contract.features, seed);
  const url = await chooseUrl(options);
  const names = contract.features.map(({ name }) => name);
  const tally = createTally(contract.targets);
  const breaches = new Map<string, ContractReport["breaches"][number]>();
  let broken = 0;
  for (let done = 0; done < requests; done++) {
    signal.throwIfAborted();
    const message = writeMessage(draw(batch), names, kind);
    const request = endpoint === "send-feedback" ? { request: message, response: {}, reward: 1 } : message;
    const answer = await post(url, request, options);
    // Feedback is taken or refused; it has no data to hold against the targets.
    const { targets } = endpoint === "predict" ? contract : { targets: [] };
    const found =
      endpoint === "send-feedback" && answer.status === 200
        ? []
        : checkAnswer({ targets }, { rows: batch, kind }, answer, tally.observe);
    if (found.length > 0) broken++;
    for (const breach of found) {
      const key = `${breach.kind} ${breach.target ?? ""}`;
      const known = breaches.get(key);
      if (known === undefined) breaches.set(key, { ...breach, times: 1, request, answer: answer.body });
      else known.times++;
    }
    options.onAnswer?.(done + 1);
  }
  return { url, requests, rows: requests * batch, broken, breaches: [...breaches.values()], targets: tally.report() };
}

/** Kinds of breach of a report, in the order in which they were met. */
export function kindsOf({ breaches }: ContractReport): BreachKind[] {
  return [...new Set(breaches.map(({ kind }) => kind))];
}

async function chooseUrl(options: ContractOptions): Promise<string> {
  const { url, endpoint } = options;
  const given = new URL(url);
  if (given.pathname !== "/") return given.href;
  const tried = paths[endpoint];
  for (const path of tried) {
    const candidate = new URL(path, given).href;
    // An empty message is refused by whoever takes messages; whoever does not has no such path, or not for POST.
    const { status } = await post(candidate, {}, options);
    if (status !== 404 && status !== 405) return candidate;
  }
  throw contractNoEndpoint({ url, tried });
}

async function post(url: string, body: object, { headers, timeout = 30_000, signal }: ContractOptions) {
  const { status, text } = await askHttp(url, {
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
  });
  try {
    return { status, body: JSON.parse(text) as unknown };
  } catch {
    // What is no JSON is shown as it came; the check says what was wanted.
    return { status, body: text };
  }
}

/** What was seen of each target, for the report. */
function createTally(targets: readonly ContractField[]) {
  const seen = new Map(
    targets.map((target) => [
      target,
      { numbers: 0, sum: 0, least: Infinity, most: -Infinity, counts: new Map<string, number>() },
    ]),
  );
  return {
    observe: (target: ContractField, value: unknown): void => {
      const at = seen.get(target);
      if (at === undefined) return;
      if (target.ftype === "categorical") at.counts.set(String(value), (at.counts.get(String(value)) ?? 0) + 1);
      else if (typeof value === "number" && Number.isFinite(value)) {
        at.numbers++;
        at.sum += value;
        at.least = Math.min(at.least, value);
        at.most = Math.max(at.most, value);
      }
    },
    report: (): TargetReport[] =>
      [...seen].map(([{ name }, { numbers, sum, least, most, counts }]) => ({
        name,
        ...(numbers > 0 && { least, most, mean: sum / numbers }),
        ...(counts.size > 0 && { counts: Object.fromEntries(counts) }),
      })),
  };
}
