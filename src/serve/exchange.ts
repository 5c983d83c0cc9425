import type { IncomingMessage, ServerResponse } from "node:http";
import { dropped } from "./batcher.ts";
import { drainBody } from "../http/body.ts";
import { bodiesTooMany, bodyTooLarge, callerLeft } from "../http/errors.ts";
import { problemType, toCallersError, toProblem } from "../http/problem.ts";
import { overloaded } from "./errors.ts";
import type { ErrorShape, Reply, Request, Service } from "./service.ts";

/** One request and the place for its answer, as node:http has them. */
export interface Exchange {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Takes a request out of the framework's hands: whoever takes it writes its answer. */
export function takeOver(request: Request, reply: Reply): Exchange {
  reply.hijack();
  return { id: request.id, request: request.raw, response: reply.raw };
}

const noHeaders: readonly string[] = [];

/**
 * Writes the whole answer at once. `digest` is the artifact's that answered, if one did; `headers` are names and values in turn. Gives the
 * status to count: 499 where nobody is left to read.
 */
export function answer(
  { id, request, response }: Exchange,
  content: { status: number; digest: string | undefined; type: string; body: string },
  headers: readonly string[] = noHeaders,
): number {
  if (response.destroyed) return callersLeft;
  const { status, digest, type, body } = content;
  const length = Buffer.byteLength(body);
  // One flat list: setting headers one by one, or as an object, costs microseconds.
  const head = ["x-request-id", id, "content-type", type, "content-length", String(length)];
  if (digest !== undefined) head.push("x-model-digest", digest);
  if (headers.length > 0) head.push(...headers);
  response.writeHead(status, head);
  // Text of single bytes is the same in both, and Latin-1 needs no encoding.
  if (request.method === "HEAD") response.end();
  else response.end(body, length === body.length ? "latin1" : "utf8");
  return status;
}

const callersLeft = 499;

const asProblem: ErrorShape = (error, id) => ({ type: problemType, body: JSON.stringify(toProblem(error, id)) });

/** Sends the error, as problem+json if nothing else is said, and gives its status. What is our own fault goes to the log, under the request's id. */
export function sendProblem(
  thrown: unknown,
  exchange: Exchange,
  service: Service,
  shape: ErrorShape = asProblem,
): number {
  const { id, request, response } = exchange;
  const artifact = service.host?.current.artifact;
  const error = toCallersError(thrown === dropped ? callerLeft({ wanted: "a caller that waits" }) : thrown);
  const { code, status, details } = error;
  if (code === overloaded.code || code === bodiesTooMany.code)
    service.metrics.countShed(artifact?.name ?? service.project.name);
  if (status >= 500 && code !== overloaded.code)
    service.log.error({ err: error, cause: error.cause, requestId: id, path: request.url }, "a request failed");
  if (status === callersLeft) {
    // Nobody is there to read an answer.
    response.destroy();
    return status;
  }
  const headers: string[] = [];
  if (typeof details["retryAfterSeconds"] === "number") headers.push("retry-after", `${details["retryAfterSeconds"]}`);
  else if (status === 503) headers.push("retry-after", "1");
  if (typeof details["allow"] === "string") headers.push("allow", details["allow"]);
  if (code === bodyTooLarge.code || code === bodiesTooMany.code) headers.push(...hangUpLater(exchange));
  if (typeof details["challenge"] === "string") headers.push("www-authenticate", details["challenge"]);
  return answer(exchange, { status, digest: artifact?.digest, ...shape(error, id) }, headers);
}

/** The answer goes out at once. The rest of the body is read and dropped for a while, so that the caller gets to reading it. */
function hangUpLater({ request }: Exchange): readonly string[] {
  // The body was never sent, so nothing is unread: closing is safe, and the next request could not be told from the body.
  if (request.headers.expect !== undefined) return ["connection", "close"];
  void hangUp();
  return noHeaders;
  async function hangUp(): Promise<void> {
    await drainBody(request, { bytes: 256 * 1024 * 1024, milliseconds: 10_000 });
    if (!request.readableEnded) request.destroy();
  }
}
