/** @file Waits until an endpoint answers from one model alone: the nodes and routers between hear of a rollout one after the other. */
import { setTimeout as sleep } from "node:timers/promises";
import { modelNotReached } from "../errors.ts";
import { askReadiness } from "../readiness.ts";

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

async function ask(url: string, signal: AbortSignal): Promise<Answer> {
  try {
    const { status, digest } = await askReadiness(url, signal);
    return { ready: status === 200, digest, told: `${status} from ${digest ?? "no model"}` };
  } catch (error) {
    // Refused, reset or silent: what waiting is for.
    return { ready: false, digest: undefined, told: (error as Error).message };
  }
}
