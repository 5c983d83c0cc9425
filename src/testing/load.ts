/**
 * @file A closed-loop HTTP/1.1 load generator: each connection sends its next request when the last was answered. It writes
 * requests that were serialised beforehand and reads only status, length and body, so that on a small machine the server is
 * measured and not the client. Load is bounded in time and in connections.
 */
import { connect, type Socket } from "node:net";

export interface LoadOptions {
  host: string;
  port: number;
  /** Connections that are kept busy. */
  connections: number;
  /** How long to send, in seconds, after `warmupSeconds` whose answers do not count. */
  seconds: number;
  warmupSeconds?: number;
  /** Whole HTTP/1.1 requests, taken in turn. See `multipartRequest`. */
  requests: readonly Uint8Array[];
  /** Says whether the answer to request `index` is right; a wrong one counts as an error. `head` is the answer's, in lower case. */
  check?: (index: number, status: number, body: string, head: string) => boolean;
  /** Milliseconds that each connection waits between an answer and its next request: a steady load instead of all there is. */
  paceMs?: number;
  /** Ends the load before its time; answers on their way are waited for. */
  signal?: AbortSignal;
}

export interface LoadResult {
  requests: number;
  /** Answers that were not 2xx, or that `check` refused. */
  wrong: number;
  /** Connections that broke with a request on its way or were refused, and requests that had no answer at the end. */
  failed: number;
  /** Connections that were made. */
  connections: number;
  /** Answers by HTTP status. */
  statuses: Readonly<Record<string, number>>;
  requestsPerSecond: number;
  /** Milliseconds. */
  latency: { p50: number; p90: number; p99: number; max: number };
}

/** Sends load and gives what came of it. Never throws for a server's faults: they are counted. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const tally: Tally = { latencies: [], wrong: 0, failed: 0, connections: 0, statuses: {} };
  const started = performance.now();
  const warmEnd = performance.now() + (options.warmupSeconds ?? 0) * 1000;
  const end = warmEnd + options.seconds * 1000;
  let turn = 0;
  const next = (): number => turn++ % options.requests.length;
  const over = (): boolean => performance.now() >= end || options.signal?.aborted === true;
  await Promise.all(
    Array.from({ length: options.connections }, () => keepBusy(options, { warmEnd, end, over, next }, tally)),
  );
  // Ended early, it is the time that it took that counts.
  const seconds = Math.min(options.seconds, (performance.now() - started) / 1000 - (options.warmupSeconds ?? 0));
  const sorted = Float64Array.from(tally.latencies).toSorted();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return {
    requests: sorted.length,
    wrong: tally.wrong,
    failed: tally.failed,
    connections: tally.connections,
    statuses: tally.statuses,
    requestsPerSecond: sorted.length / seconds,
    latency: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) },
  };
}

/** A POST of one file as multipart/form-data, as browsers and curl send it. */
export function multipartRequest(target: {
  host: string;
  path: string;
  field: string;
  fileName: string;
  contentType: string;
  content: Uint8Array;
}): Uint8Array {
  const boundary = "----slipway7MA4YWxkTrZu0gW";
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${target.field}"; filename="${target.fileName}"\r\n` +
        `Content-Type: ${target.contentType}\r\n\r\n`,
    ),
    target.content,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return postRequest({ ...target, contentType: `multipart/form-data; boundary=${boundary}`, body });
}

/** Any POST. */
export function postRequest(target: {
  host: string;
  path: string;
  contentType: string;
  body: Uint8Array;
  headers?: Readonly<Record<string, string>>;
}): Uint8Array {
  const { host, path, contentType, body, headers = {} } = target;
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head =
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\n` +
    `Content-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n${more.join("")}\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

interface Tally {
  latencies: number[];
  wrong: number;
  failed: number;
  connections: number;
  statuses: Record<string, number>;
}

interface Plan {
  warmEnd: number;
  end: number;
  over: () => boolean;
  next: () => number;
}

/** One connection's life: asks, waits, asks again; connects anew when the server closes, as HTTP/1.0 servers do each time. */
async function keepBusy(options: LoadOptions, plan: Plan, tally: Tally): Promise<void> {
  const { paceMs = 0 } = options;
  while (!plan.over()) {
    const outcome = await talk(options, plan, tally);
    // A refused connection answers at once: wait a little, so that a dead server does not make a spin of it.
    const wait = outcome === "broken" ? Math.max(20, paceMs) : paceMs;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

function talk(options: LoadOptions, plan: Plan, tally: Tally): Promise<"closed" | "broken"> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: options.host, port: options.port, noDelay: true });
    const reader = createAnswerReader();
    let asked = 0;
    let index = -1;
    let settled = false;
    const finish = (outcome: "closed" | "broken"): void => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      socket.destroy();
      resolve(outcome);
    };
    // An answer that never comes is a failure, not an endless test.
    const deadline = setTimeout(
      () => {
        if (index >= 0) tally.failed++;
        finish("broken");
      },
      plan.end - performance.now() + 10_000,
    );
    const ask = (): void => {
      // The server may have closed while this connection waited for its turn: nothing was asked then.
      if (settled) return;
      if (plan.over()) return finish("closed");
      index = plan.next();
      asked = performance.now();
      socket.write(options.requests[index]!);
    };
    const answered = ({ status, body, head }: Answer): void => {
      const now = performance.now();
      if (asked >= plan.warmEnd) {
        tally.latencies.push(now - asked);
        tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
        const right = status >= 200 && status < 300 && (options.check?.(index, status, body, head) ?? true);
        if (!right) tally.wrong++;
      }
      index = -1;
    };
    socket.on("connect", () => {
      tally.connections++;
      ask();
    });
    socket.on("data", (chunk) => {
      const answer = reader.push(chunk);
      if (answer === undefined) return;
      answered(answer);
      if (answer.close) finish("closed");
      else if (options.paceMs === undefined) ask();
      else setTimeout(ask, options.paceMs);
    });
    socket.on("end", () => {
      const rest = reader.end();
      if (rest !== undefined && index >= 0) answered(rest);
      else if (index >= 0) tally.failed++;
      finish("closed");
    });
    socket.on("error", () => {
      if (index >= 0 || asked === 0) tally.failed++;
      finish("broken");
    });
  });
}

interface Answer {
  status: number;
  /** Status line and headers, in lower case. */
  head: string;
  body: string;
  /** The server closes after this one. */
  close: boolean;
}

/** Reads one answer at a time: Content-Length, chunked, or up to the end of the connection (RFC 9112 §6.3). */
function createAnswerReader(): { push(chunk: Buffer): Answer | undefined; end(): Answer | undefined } {
  let held = "";
  const take = (ended: boolean): Answer | undefined => {
    const head = held.indexOf("\r\n\r\n");
    if (head < 0) return undefined;
    const status = Number(held.slice(9, 12));
    const headers = held.slice(0, head).toLowerCase();
    const answer = { status, head: headers };
    const close = headers.startsWith("http/1.0")
      ? !headers.includes("connection: keep-alive")
      : headers.includes("connection: close");
    const start = head + 4;
    const length = /\r\ncontent-length: *(\d+)/.exec(headers)?.[1];
    if (length !== undefined) {
      const stop = start + Number(length);
      if (held.length < stop) return undefined;
      const body = held.slice(start, stop);
      held = held.slice(stop);
      return { ...answer, body, close };
    }
    if (/\r\ntransfer-encoding: *chunked/.test(headers)) {
      const whole = readChunks(held, start);
      if (whole === undefined) return undefined;
      held = held.slice(whole.stop);
      return { ...answer, body: whole.body, close };
    }
    return ended ? { ...answer, body: held.slice(start), close: true } : undefined;
  };
  return {
    push(chunk) {
      // Latin-1 keeps one character a byte, so that lengths count bytes.
      held += chunk.toString("latin1");
      return take(false);
    },
    end: () => take(true),
  };
}

/** The body of a chunked message from `start`, and where it stops; nothing while parts are missing (RFC 9112 §7.1, no trailers). */
function readChunks(text: string, start: number): { body: string; stop: number } | undefined {
  let body = "";
  for (let at = start; ;) {
    const line = text.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    const next = line + 2 + size + 2;
    if (text.length < next) return undefined;
    if (size === 0) return { body, stop: next };
    body += text.slice(line + 2, line + 2 + size);
    at = next;
  }
}
