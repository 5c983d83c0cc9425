import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { findSlipwayError } from "../base/errors.ts";
import { verifyFailed, verifyOtherModel } from "./errors.ts";

export interface Readiness {
  url: string;
  /** Of the model that must answer. */
  digest: string;
  /** Milliseconds to wait for it: pods that are being replaced answer for some time more. */
  patienceMs: number;
  signal: AbortSignal;
}

/** Answers in a row that convince: behind an address there may be several pods, old ones among them. */
const convincing = 10;

/** Throws `verifyFailed` or `verifyOtherModel`, with what was seen last. With patience, it wants ten good answers in a row, each over a connection of its own. */
export async function requireReady({ url, digest, patienceMs, signal }: Readiness): Promise<void> {
  const deadline = performance.now() + patienceMs;
  const wanted = patienceMs === 0 ? 1 : convincing;
  for (let good = 0; good < wanted;) {
    try {
      await ask(url, digest, signal);
      good++;
    } catch (error) {
      const passing = findSlipwayError(error) !== undefined || (error as NodeJS.ErrnoException).code !== undefined;
      if (signal.aborted || !passing || performance.now() > deadline) throw error;
      good = 0;
      await sleep(100, undefined, { signal });
    }
  }
}

async function ask(url: string, digest: string, signal: AbortSignal): Promise<void> {
  const { status, text, seen } = await read(`${url}/readyz`, signal);
  if (status !== 200)
    throw verifyFailed({ url, failures: [`/readyz: ${status} ${text.slice(0, 300)}`], failed: 1, count: 1 });
  if (seen !== digest) throw verifyOtherModel({ url, seen: seen ?? "an unnamed model", wanted: digest });
}

/** Over a connection of its own: a kept one would lead to the same pod each time. */
function read(url: string, signal: AbortSignal): Promise<{ status: number; text: string; seen: string | undefined }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal, timeout: 5000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const seen = response.headers["x-model-digest"];
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, text, seen: typeof seen === "string" ? seen : undefined });
      });
    });
    request.on("timeout", () =>
      request.destroy(Object.assign(new Error(`${url} says nothing`), { code: "ETIMEDOUT" })),
    );
    request.on("error", reject);
  });
}
