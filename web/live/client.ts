/** @file The page's only way to the network: its own server. Every way an answer can go wrong has a kind, so that the page can say it in words. */
import type { Card } from "../model/card.ts";

/** What `POST playground/predict` answers; probabilities only where the model gives them. */
export interface Answer {
  label?: string;
  probability?: number;
  probabilities?: Readonly<Record<string, number>>;
  /** What a detector saw, best first; corners as shares of the image. */
  labels?: readonly string[];
  scores?: readonly number[];
  boxes?: readonly (readonly [number, number, number, number])[];
  [other: string]: unknown;
}

/** The server answered, but not with what was asked for. `mend` is its own next step. */
export interface Problem {
  kind: "problem";
  status: number;
  title: string;
  detail: string;
  mend?: string;
  code?: string;
  /** From Retry-After; the same request may succeed then. */
  retryAfterMs?: number;
}

/** Nobody answered. */
export interface Away {
  kind: "away";
}

export type Failure = Problem | Away;

export type Outcome =
  | {
      kind: "answer";
      answer: Answer;
      roundTripMs: number;
      serverMs: number | undefined;
      modelDigest: string | undefined;
    }
  | Failure;

export interface Client {
  /** An image, or a form's values. Rejects only when `signal` is aborted. */
  predict(asked: Blob | object, signal: AbortSignal): Promise<Outcome>;
  readCard(signal: AbortSignal): Promise<{ kind: "card"; card: Card } | Failure>;
}

/** @param base The page's own address: the server may sit behind a prefix. */
export function createClient(base: string): Client {
  const ask = async (path: string, init: RequestInit): Promise<Response | Failure> => {
    try {
      return await fetch(new URL(path, base), { ...init, cache: "no-store", credentials: "same-origin" });
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      return { kind: "away" };
    }
  };
  return {
    async predict(asked, signal) {
      const isImage = asked instanceof Blob;
      const body = isImage ? new FormData() : JSON.stringify(asked);
      if (isImage && body instanceof FormData) body.append("image", asked, "image");
      const started = performance.now();
      const response = await ask("playground/predict", {
        method: "POST",
        body,
        signal,
        headers: { accept: "application/json", ...(!isImage && { "content-type": "application/json" }) },
      });
      if (!(response instanceof Response)) return response;
      const answer = await readJson(response, signal);
      const roundTripMs = performance.now() - started;
      if (answer === undefined || !response.ok) return toFailure(response, answer);
      return {
        kind: "answer",
        answer,
        roundTripMs,
        serverMs: serverTimeOf(response, answer),
        modelDigest: digestOf(response, answer),
      };
    },
    async readCard(signal) {
      const response = await ask("card", { signal, headers: { accept: "application/json" } });
      if (!(response instanceof Response)) return response;
      const card = await readJson(response, signal);
      return response.ok && card !== undefined
        ? { kind: "card", card: card as unknown as Card }
        : toFailure(response, card);
    },
  };
}

/** The body as an object, or nothing where it is no JSON object (a proxy's page, a cut answer). */
async function readJson(response: Response, signal: AbortSignal): Promise<Answer | undefined> {
  try {
    const value: unknown = await response.json();
    return typeof value === "object" && value !== null ? (value as Answer) : undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    // What matters then is the status, which the caller turns into words.
    return undefined;
  }
}

/** A proxy in front that has lost its server is the same to a person as the server being away. */
const awayStatuses = new Set([502, 504]);

function toFailure(response: Response, body: Answer | undefined): Failure {
  if (awayStatuses.has(response.status) && body === undefined) return { kind: "away" };
  const text = (name: string) => {
    const value = body?.[name];
    return typeof value === "string" ? value : undefined;
  };
  const mend = text("mend");
  const code = text("code");
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  return {
    kind: "problem",
    status: response.status,
    title:
      text("title") ??
      (response.ok ? "The answer is not what the page expects" : response.statusText || "The server refused"),
    detail: text("detail") ?? text("message") ?? text("error") ?? `The server answered with status ${response.status}.`,
    ...(mend !== undefined && { mend }),
    ...(code !== undefined && { code }),
    ...(Number.isFinite(retryAfter) && { retryAfterMs: retryAfter * 1000 }),
  };
}

function serverTimeOf(response: Response, answer: Answer): number | undefined {
  if (typeof answer["latencyMs"] === "number") return answer["latencyMs"];
  const timing = /\bdur=([\d.]+)/.exec(response.headers.get("server-timing") ?? "");
  return timing === null ? undefined : Number(timing[1]);
}

function digestOf(response: Response, answer: Answer): string | undefined {
  const header = response.headers.get("x-model-digest");
  if (header !== null) return header;
  return typeof answer["modelDigest"] === "string" ? answer["modelDigest"] : undefined;
}
