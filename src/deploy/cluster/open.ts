/** @file Opens a cluster by the name of its context: nothing here ever takes the kubeconfig's current one. */
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parseObject } from "../../base/json.ts";
import { readRetryAfter } from "../../oci/retry.ts";
import { clusterUnreachable } from "../errors.ts";
import { type ApiStatus, toError } from "./api-error.ts";
import { type Access, openAccess } from "./client.ts";
import { createDiscovery } from "./discovery.ts";
import { describeFailure, exchange, isTransient, type Limits } from "./transport.ts";
import type { ApiRequest, ByteStream, Cluster, ClusterOptions } from "./types.ts";

const defaultPatienceMs = 120_000;
/** A server that was never reached is more likely stopped, or named wrongly, than on its way back. */
const firstPatienceMs = 10_000;
/** Longer than a request may take there (a webhook has 30 s at most), so that only dead connections are given up. */
const answerMs = 35_000;
const idleMs = 30_000;

/**
 * Opens the cluster of a kubeconfig context and makes sure that it answers. Throws `contextUnknown`, `kubeconfigMissing`,
 * `kubeconfigInvalid`, `credentialsFailed`, `clusterUnreachable`.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { context, kubeconfig, patienceMs = defaultPatienceMs, onWait = () => {} } = options;
  const line: Line = {
    context,
    access: await openAccess(context, kubeconfig),
    reopen: () => openAccess(context, kubeconfig),
    patienceMs: Math.min(firstPatienceMs, patienceMs),
    onWait,
    signal: options.signal,
    waiting: false,
  };
  const request = async <T>(asked: ApiRequest): Promise<T> => {
    const answer = await converse(line, asked, { answerMs, idleMs });
    return JSON.parse(answer.text) as T;
  };
  const { gitVersion } = await request<{ gitVersion: string }>({
    method: "GET",
    path: "/version",
    ref: { apiVersion: "v1", kind: "version" },
    verb: "get",
  });
  line.patienceMs = patienceMs;
  const cluster: Cluster = {
    context,
    server: line.access.server.href.replace(/\/$/, ""),
    namespace: options.namespace ?? line.access.namespace ?? "default",
    version: gitVersion,
    request,
    stream: (asked) => openStream(line, asked, { answerMs, idleMs: asked.idleMs }),
    openChannel: (path, ref, handlers) => openChannel(line, path, ref, handlers),
    findResource: (apiVersion, kind) => discovery.find(apiVersion, kind),
    close: () => line.access.close(),
  };
  const discovery = createDiscovery(cluster);
  return cluster;
}

interface Line {
  context: string;
  access: Access;
  reopen: () => Promise<Access>;
  patienceMs: number;
  onWait: (text: string | undefined) => void;
  signal: AbortSignal | undefined;
  /** Somebody was told that we wait: once for each time that the server is away, however many requests wait for it. */
  waiting: boolean;
}

/** Sends until there is an answer that counts. */
async function converse(line: Line, request: ApiRequest, limits: Limits): Promise<{ text: string }> {
  return persist(line, request, async () => {
    const answer = await exchange(line.access, request, limits);
    const text = await readText(answer);
    const status = answer.statusCode ?? 0;
    return { status, text, answer };
  });
}

async function openStream(line: Line, request: ApiRequest, limits: Limits): Promise<ByteStream> {
  const { answer: body } = await persist(line, request, async () => {
    const answer = await exchange(line.access, request, limits);
    const status = answer.statusCode ?? 0;
    return { status, answer, text: status < 300 ? "" : await readText(answer) };
  });
  return { [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](), close: () => body.destroy() };
}

interface Attempt {
  status: number;
  text: string;
  answer: IncomingMessage;
}

/**
 * Tries until the server takes the request or refuses it for good; what passes is waited for: a server that is away or busy. All
 * that we send may be sent twice: applying, replacing at a version and deleting end the same.
 */
async function persist(line: Line, request: ApiRequest, send: () => Promise<Attempt>): Promise<Attempt> {
  const signal = request.signal ?? line.signal;
  let since: number | undefined;
  let refreshed = false;
  let away = false;
  for (let count = 1; ; count++) {
    signal?.throwIfAborted();
    const outcome = await attempt(away ? () => sendWhenReady(line, send, signal) : send, signal);
    if ("status" in outcome && outcome.status < 300) {
      if (line.waiting) line.onWait(undefined);
      line.waiting = false;
      return outcome;
    }
    if ("status" in outcome && outcome.status === 401 && !refreshed) {
      // A credential may have been withdrawn before its time: fetch another, once.
      refreshed = true;
      line.access.close();
      line.access = await line.reopen();
      continue;
    }
    const wait = findWait(outcome, count);
    if (wait === undefined) throw explainOutcome(line, request, outcome, 0);
    since ??= performance.now();
    const waited = performance.now() - since;
    if (waited + wait.ms > line.patienceMs) throw explainOutcome(line, request, outcome, Math.round(waited / 1000));
    away ||= "error" in outcome;
    if (!line.waiting) line.onWait(`waiting for the API server of ${line.context}: ${wait.reason}`);
    line.waiting = true;
    await sleep(wait.ms, undefined, { ...(signal && { signal }) });
  }
}

/** One that has just come up knows neither roles nor kinds for a moment, and says that things are forbidden or missing which are not. */
async function sendWhenReady(
  line: Line,
  send: () => Promise<Attempt>,
  signal: AbortSignal | undefined,
): Promise<Attempt> {
  const look: ApiRequest = {
    method: "GET",
    path: "/readyz",
    ref: { apiVersion: "v1", kind: "readyz" },
    verb: "get",
    signal,
  };
  const answer = await exchange(line.access, look, { answerMs, idleMs });
  await readText(answer);
  // Some servers keep it from most people: that is an answer as well.
  if ((answer.statusCode ?? 0) < 500) return send();
  return { status: 503, text: JSON.stringify({ message: "it is starting" }), answer };
}

type Outcome = Attempt | { error: unknown };

async function attempt(send: () => Promise<Attempt>, signal: AbortSignal | undefined): Promise<Outcome> {
  try {
    return await send();
  } catch (error) {
    signal?.throwIfAborted();
    if (!isTransient(error) && !isNetwork(error)) throw error;
    return { error };
  }
}

function findWait(outcome: Outcome, count: number): { ms: number; reason: string } | undefined {
  // Half is random: many that lost the server together do not come back together.
  const full = Math.min(2000, 100 * 2 ** (count - 1));
  const ms = full / 2 + (full / 2) * Math.random();
  if ("error" in outcome)
    return isTransient(outcome.error) ? { ms, reason: describeFailure(outcome.error) } : undefined;
  const { status, text, answer } = outcome;
  const body = parseStatus(text);
  const asked = readRetryAfter(answer.headers["retry-after"]) ?? (body.details?.retryAfterSeconds ?? 0) * 1000;
  const passes =
    [429, 502, 503, 504].includes(status) || (status === 500 && (asked > 0 || isPassing(body.message ?? "")));
  return passes ? { ms: Math.max(ms, asked), reason: body.message ?? `HTTP ${status}` } : undefined;
}

/** Failures inside the cluster that its API server reports as its own, and that pass: etcd elects, a webhook's pod restarts. */
function isPassing(message: string): boolean {
  return /etcdserver|leader changed|context deadline exceeded|connection refused|request timed out/.test(message);
}

/** Failed on the way, as opposed to a fault of this program. */
function isNetwork(error: unknown): boolean {
  const { code = "" } = error as { code?: string };
  return /^(E[A-Z]+|CERT_|ERR_TLS|ERR_SSL|DEPTH_|UNABLE_|SELF_SIGNED|HPE_)/.test(code);
}

function explainOutcome(line: Line, request: ApiRequest, outcome: Outcome, seconds: number): Error {
  const { context } = line;
  const server = line.access.server.href;
  if ("error" in outcome)
    return clusterUnreachable(
      { context, server, seconds, reason: describeFailure(outcome.error) },
      { cause: outcome.error },
    );
  return toError({ request, status: outcome.status, body: parseStatus(outcome.text), context, server });
}

async function openChannel(
  line: Line,
  path: string,
  ref: ApiRequest["ref"],
  handlers: Parameters<Cluster["openChannel"]>[2],
): ReturnType<Cluster["openChannel"]> {
  try {
    return await line.access.openChannel(path, handlers);
  } catch (error) {
    // A refused upgrade keeps its reason to itself; the same request without the upgrade is answered with it.
    await converse(line, { method: "GET", path, ref, verb: "create" }, { answerMs, idleMs });
    throw clusterUnreachable(
      { context: line.context, server: line.access.server.href, seconds: 0, reason: describeFailure(error) },
      { cause: error },
    );
  }
}

function parseStatus(text: string): ApiStatus {
  const status = parseObject(text);
  if (status !== undefined && "message" in status) return status;
  // Proxies before the API server answer in words or in HTML: shown as they are, but not all of it.
  const words = text
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return words === "" ? {} : { message: words.slice(0, 500) };
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
