/** @file Waits until an endpoint answers from one model alone: the nodes and routers between hear of a rollout one after the other. */
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { modelNotReached } from "../errors.ts";

export interface WaitOptions {
  /** Of the artifact that must answer; undefined: any ready answer will do. */
  digest: string | undefined;
  /** How many answers in a row; each comes over a connection of its own, so that each may meet another pod. */
  times: number;
  patienceMs: number;
  signal: AbortSignal;
}

/** Throws `modelNotReached` with what answered last. */
export async function waitForModel(url: string, { digest, times, patienceMs, signal }: WaitOptions): Promise<void> {
  const started = performance.now();
  let seen = "nothing";
  for (let row = 0; row < times;) {
    signal.throwIfAborted();
    const answer = await ask(url, signal);
    const right = answer.ready && (digest === undefined || answer.digest === digest);
    row = right ? row + 1 : 0;
    if (right) continue;
    seen = answer.told;
    if (performance.now() - started > patienceMs)
      throw modelNotReached({ url, seen, wanted: digest ?? "a ready server", seconds: Math.round(patienceMs / 1000) });
    await sleep(200, undefined, { signal });
  }
}

interface Answer {
  ready: boolean;
  digest: string | undefined;
  told: string;
}

function ask(url: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ ready: false, digest: undefined, told: error.message });
    const request = get(`${url}/readyz`, { agent: false, timeout: 5000, signal }, (response) => {
      response.resume();
      response.on("error", fail);
      response.on("end", () => {
        const header = response.headers["x-model-digest"];
        const digest = typeof header === "string" ? header : undefined;
        resolve({
          ready: response.statusCode === 200,
          digest,
          told: `${response.statusCode} from ${digest ?? "no model"}`,
        });
      });
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 5 s")));
    request.on("error", fail);
  });
}
