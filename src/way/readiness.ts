import type { IncomingHttpHeaders } from "node:http";
import { askHttp } from "../base/ask.ts";

export interface Readiness {
  status: number;
  /** What the answer says, for people. */
  text: string;
  /** Of the model that answers. */
  digest: string | undefined;
}

/** Asks a server whether it is ready, over a connection of its own: a kept one may lead to a pod that is on its way out. Rejects where no answer comes. */
export async function askReadiness(url: string, signal: AbortSignal): Promise<Readiness> {
  const { status, headers, text } = await askHttp(`${url}/readyz`, { agent: false, silenceMs: 5000, signal });
  return { status, text: text.slice(0, 300), digest: readDigest(headers) };
}

/** Of the model that answered. */
export function readDigest(headers: IncomingHttpHeaders): string | undefined {
  const digest = headers["x-model-digest"];
  return typeof digest === "string" ? digest : undefined;
}
