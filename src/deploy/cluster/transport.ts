/** @file One exchange with the API server over kept connections, and what its failures mean: whether waiting may help. */
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { Access } from "./client.ts";
import type { ApiRequest } from "./types.ts";

export interface Limits {
  /** Milliseconds until the answer's head is there. */
  answerMs: number;
  /** Milliseconds without a byte of its body. */
  idleMs: number;
}

/** Resolves with the answer's head; the body must be read or destroyed. */
export async function exchange(
  access: Access,
  request: ApiRequest,
  { answerMs, idleMs }: Limits,
): Promise<IncomingMessage> {
  const options = await access.options();
  const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  const url = addressOf(access.server, request);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const client = url.protocol === "https:" ? https : http;
  const outgoing = client.request(url, {
    ...options,
    method: request.method,
    ...(request.signal && { signal: request.signal }),
    headers: {
      accept: "application/json",
      "user-agent": "slipway",
      ...(body && { "content-type": request.contentType ?? "application/json", "content-length": body.byteLength }),
      ...(options.headers as http.OutgoingHttpHeaders | undefined),
    },
  });
  const timer = setTimeout(() => outgoing.destroy(new SilenceError(answerMs)), answerMs);
  outgoing.once("response", (answer) => {
    clearTimeout(timer);
    outgoing.setTimeout(idleMs, () => answer.destroy(new SilenceError(idleMs)));
    // Whoever reads the body gets its error too; this one is for those who stopped reading.
    answer.on("error", () => {});
    resolve(answer);
  });
  outgoing.on("error", (error) => {
    clearTimeout(timer);
    reject(error);
  });
  outgoing.end(body);
  return promise;
}

/** Nothing was heard for too long: the connection may be dead without anybody having said so. */
export class SilenceError extends Error {
  readonly code = "ETIMEDOUT";

  constructor(ms: number) {
    super(`nothing was heard for ${ms / 1000} s`);
  }
}

const transient = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EAI_AGAIN",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

/** Whether the connection failed in a way that passes: the server restarts, the network is away. */
export function isTransient(error: unknown): boolean {
  const { code, errors } = error as { code?: string; errors?: unknown[] };
  // Several addresses were tried (IPv4 and IPv6): one answer that may pass is enough.
  return (code !== undefined && transient.has(code)) || (errors ?? []).some(isTransient);
}

/** In words: `connect ECONNREFUSED 127.0.0.1:6443`. */
export function describeFailure(error: unknown): string {
  const { message, errors, code } = error as { message?: string; errors?: unknown[]; code?: string };
  const first = errors?.[0];
  if ((message === undefined || message === "") && first !== undefined) return describeFailure(first);
  return message === undefined || message === "" ? (code ?? String(error)) : message;
}

function addressOf(server: URL, { path, query = {} }: ApiRequest): URL {
  // A server may live under a path of its own (Rancher's, proxies').
  const url = new URL(server.pathname.replace(/\/$/, "") + path, server);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}
