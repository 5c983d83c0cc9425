/** @file Callers of a server while its model is exchanged: who answered them, and what failed. */
import { setTimeout as sleep } from "node:timers/promises";

export interface Asked {
  /** How often each model answered, by its digest. */
  answers: Map<string, number>;
  failed: string[];
}

export interface CallerOptions {
  callers: number;
  /** Between an answer and the next request of a caller. Default: none. */
  pauseMs?: number;
  signal: AbortSignal;
}

/** One request after the other from each caller, until told to stop. */
export async function askAllTheTime(url: string, { callers, pauseMs, signal }: CallerOptions): Promise<Asked> {
  const answers = new Map<string, number>();
  const failed: string[] = [];
  const call = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const response = await fetch(url);
        const text = await response.text();
        const digest = response.headers.get("x-model-digest") ?? "none";
        if (response.status === 200) answers.set(digest, (answers.get(digest) ?? 0) + 1);
        else failed.push(text);
      } catch (error) {
        failed.push(String(error));
      }
      if (pauseMs !== undefined) await sleep(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return { answers, failed };
}

/** Of the model that the server says it serves. */
export async function askServedDigest(server: string): Promise<string | null> {
  const response = await fetch(`${server}/readyz`);
  await response.arrayBuffer();
  return response.headers.get("x-model-digest");
}
