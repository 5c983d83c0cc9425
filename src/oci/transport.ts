/** @file One HTTP exchange, by Node's own client: streaming both ways, keep-alive, our own CAs, proxies from the environment. */
import http, { type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import tls from "node:tls";
import type { Environment } from "./credentials.ts";

export interface Outgoing {
  method: string;
  url: URL;
  headers: Readonly<Record<string, string>>;
  /** A stream needs a Content-Length among the headers. */
  body?: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Must be read or destroyed, or its connection is lost to others. */
  body: IncomingMessage;
  /** Of the request that this answers, after redirects. */
  url: URL;
}

export interface Transport {
  exchange(outgoing: Outgoing): Promise<Answer>;
  /** Closes connections that wait for another use. */
  close(): void;
}

export interface TransportOptions {
  /** PEM certificates to trust besides those of Node and NODE_EXTRA_CA_CERTS. */
  ca?: string | undefined;
  /** Milliseconds without a byte in either direction before an exchange has failed. */
  idleMs: number;
  environment: Environment;
}

export function createTransport({ ca, idleMs, environment }: TransportOptions): Transport {
  const trusted = ca === undefined ? undefined : [...tls.getCACertificates("default"), ca];
  const settings = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 16 };
  const proxyEnv = { ...environment };
  // Nobody's proxy leads to this machine's own loopback.
  const near = { http: new http.Agent(settings), https: new https.Agent({ ...settings, ca: trusted }) };
  const far = {
    http: new http.Agent({ ...settings, proxyEnv }),
    https: new https.Agent({ ...settings, ca: trusted, proxyEnv }),
  };
  const agents = [near.http, near.https, far.http, far.https];

  return {
    exchange: async (outgoing) => {
      const side = isNear(outgoing.url.hostname) ? near : far;
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const options = {
        method: outgoing.method,
        headers: outgoing.headers,
        timeout: idleMs,
        ...(outgoing.signal && { signal: outgoing.signal }),
      };
      const request =
        outgoing.url.protocol === "https:"
          ? https.request(outgoing.url, { ...options, agent: side.https })
          : http.request(outgoing.url, { ...options, agent: side.http });
      request.once("response", resolve);
      request.once("timeout", () => request.destroy(new IdleError(idleMs)));
      request.on("error", reject);
      sendBody(request, outgoing.body, reject);
      const body = await promise;
      // Whoever reads the body gets its error too; this one is for those who stopped reading.
      body.on("error", () => {});
      return { status: body.statusCode ?? 0, headers: body.headers, body, url: outgoing.url };
    },
    close: () => {
      for (const agent of agents) agent.destroy();
    },
  };
}

/** No byte came or went for too long. */
export class IdleError extends Error {
  readonly code = "ETIMEDOUT";

  constructor(idleMs: number) {
    super(`nothing was heard for ${idleMs / 1000} s`);
  }
}

/** Whole bodies that are small by nature: errors, tokens, manifests. Undefined where there is more than `limit` bytes. */
export async function readBounded(body: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > limit) {
      body.destroy();
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Frees the connection of an answer whose body nobody needs. */
export async function discard({ body }: Answer): Promise<void> {
  // A broken connection after the status is of no interest any more: the answer is known.
  await readBounded(body, 64 << 10).catch(() => undefined);
}

function sendBody(request: http.ClientRequest, body: Outgoing["body"], reject: (error: unknown) => void): void {
  if (body === undefined) request.end();
  else if (body instanceof Uint8Array) request.end(body);
  // After an early answer (401, 413) the rest cannot be sent: then the answer is what counts, and this comes too late to matter.
  else pipeline(Readable.from(body, { objectMode: false }), request).catch(reject);
}

function isNear(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}
