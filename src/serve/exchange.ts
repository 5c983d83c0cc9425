import { dropped } from "./batcher.ts";
import { drainBody } from "../http/body.ts";
import { bodiesTooMany, bodyTooLarge, callerLeft } from "../http/errors.ts";
import { problemType, toCallersError, toProblem } from "../http/problem.ts";
import { overloaded } from "./errors.ts";
import type { Reply, Request, Service } from "./service.ts";

/** Answers one request of a protocol: counts it, times it, and turns what it throws into a problem. */
export function handleWith(
  protocol: string,
  service: Service,
  work: (request: Request, reply: Reply) => Promise<string>,
): (request: Request, reply: Reply) => void {
  const { metrics } = service;
  return (request, reply) => {
    const started = performance.now();
    metrics.inFlight(1);
    const count = (status: number): void => {
      const { artifact, version } = service.host.current;
      metrics.inFlight(-1);
      metrics.countRequest({ model: artifact.name, version, protocol }, status, (performance.now() - started) / 1000);
    };
    work(request, reply).then(
      (json) => {
        reply.header("content-type", "application/json; charset=utf-8").send(json);
        return count(reply.statusCode);
      },
      (error: unknown) => count(sendProblem(error, request, reply, service)),
    );
  };
}

/** Sends the error as problem+json and gives its status. What is our own fault goes to the log, under the request's id. */
export function sendProblem(thrown: unknown, request: Request, reply: Reply, service: Service): number {
  const error = toCallersError(thrown === dropped ? callerLeft({ wanted: "a caller that waits" }) : thrown);
  const { code, status, details } = error;
  if (code === overloaded.code || code === bodiesTooMany.code)
    service.metrics.countShed(service.host.current.artifact.name);
  if (status >= 500 && code !== overloaded.code) {
    service.log.error({ err: error, cause: error.cause, requestId: request.id, path: request.url }, "a request failed");
  }
  if (status === callerLeft({ wanted: "" }).status) {
    // Nobody is there to read an answer; hijacking keeps the framework from waiting for one.
    reply.hijack();
    reply.raw.destroy();
    return status;
  }
  if (typeof details["retryAfterSeconds"] === "number") reply.header("retry-after", details["retryAfterSeconds"]);
  else if (status === 503) reply.header("retry-after", 1);
  if (typeof details["allow"] === "string") reply.header("allow", details["allow"]);
  if (code === bodyTooLarge.code || code === bodiesTooMany.code) hangUpLater(request, reply);
  reply
    .code(status)
    .header("content-type", problemType)
    .send(JSON.stringify(toProblem(error, request.id)));
  return status;
}

/** The answer goes out at once. The rest of the body is read and dropped for a while, so that the caller gets to reading it. */
function hangUpLater(request: Request, reply: Reply): void {
  if (request.headers.expect !== undefined) {
    // The body was never sent, so nothing is unread: closing is safe, and the next request could not be told from the body.
    reply.header("connection", "close");
    return;
  }
  void hangUp();
  async function hangUp(): Promise<void> {
    await drainBody(request.raw, { bytes: 256 * 1024 * 1024, milliseconds: 10_000 });
    if (!request.raw.readableEnded) request.raw.destroy();
  }
}
