import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import Fastify, { type FastifyInstance } from "fastify";
import { findNearest } from "../base/nearest.ts";
import {
  bodyTooLarge,
  headersTooLarge,
  methodNotAllowed,
  requestMalformed,
  requestTimeout,
  routeUnknown,
} from "../http/errors.ts";
import { problemType, toProblem } from "../http/problem.ts";
import { toRequestId } from "../http/request-id.ts";
import { routeTaken } from "./errors.ts";
import { sendProblem, takeOver } from "./exchange.ts";
import { listOperations, registerPages } from "./pages/index.ts";
import { createGuard } from "./guard.ts";
import { protocols, shapeFor } from "./protocols/index.ts";
import { createRouteTable } from "./route-table.ts";
import type { Reply, Request, Service } from "./service.ts";

const requestTimeoutMs = 60_000;

/** All routes of the service on Fastify. Listens to nothing yet. */
export function createApp(service: Service): FastifyInstance {
  const app = Fastify({
    logger: false,
    genReqId: ({ headers }) => toRequestId(headers["x-request-id"]),
    // Slower uploads than this hold memory for nothing. Idle connections outlive the usual load balancer's 60 s.
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: 72_000,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) =>
      void sendProblem(malformed(error.message), takeOver(request, reply), service, shapeFor(request.url)),
  });
  // Bodies are read by whoever wants them, with their own limit; nothing is parsed before it is wanted.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    if (service.host !== undefined) reply.header("x-model-digest", service.host.current.artifact.digest);
    done();
  });
  refuseTakenPaths(service);
  const table = createRouteTable(app);
  for (const protocol of protocols) protocol.register(table, service);
  const guard = createGuard(service);
  registerPages(app, service, guard);
  app.setErrorHandler(
    (error, request, reply) => void sendProblem(error, takeOver(request, reply), service, shapeFor(request.url)),
  );
  app.setNotFoundHandler((request, reply) => answerUnknown(request, reply, service));
  app.server.on("checkContinue", (request, response) => {
    // Whoever asks before sending is told at once; everyone else goes on as usual.
    const declared = Number(request.headers["content-length"] ?? 0);
    if (declared <= service.limits.maxBodyBytes) response.writeContinue();
    app.server.emit("request", request, response);
  });
  table.goFirst(guard);
  return app;
}

function refuseTakenPaths(service: Service): void {
  const seen = new Set<string>();
  for (const { method, path } of listOperations(service)) {
    const route = `${method} ${path}`;
    if (seen.has(route)) throw routeTaken({ route });
    seen.add(route);
  }
}

/** 404 with the nearest path, or 405 with the methods that the path has. */
function answerUnknown(request: Request, reply: Reply, service: Service): void {
  const { method } = request;
  const path = request.url.split("?", 1)[0]!.slice(0, 200);
  const operations = listOperations(service);
  const methods = new Set(
    operations.filter((operation) => operation.path === path).map((operation) => operation.method),
  );
  if (methods.has("GET")) methods.add("HEAD");
  const allow = [...methods, ...(methods.size > 0 ? ["OPTIONS"] : [])].join(", ");
  if (method === "OPTIONS" && methods.size > 0) {
    reply.code(204).header("allow", allow).send();
    return;
  }
  const nearest = findNearest(path, new Set(operations.map((operation) => operation.path)));
  const known = operations
    .filter(({ field, body }) => field !== undefined || body !== undefined)
    .map((operation) => `${operation.method} ${operation.path}`);
  const error =
    methods.size > 0
      ? methodNotAllowed({ method, path, allow, wanted: allow })
      : routeUnknown({ method, path, wanted: nearest ?? known.join(", ") });
  sendProblem(error, takeOver(request, reply), service, shapeFor(path));
}

function malformed(why: string): Error {
  return requestMalformed({ why, wanted: "a request that follows RFC 9112" });
}

/** What never became a request is answered on the bare socket, then hung up on. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(toProblem(toBrokenError(error), toRequestId(undefined)));
  const { status } = JSON.parse(body) as { status: number };
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function toBrokenError({ code, message }: NodeJS.ErrnoException): Error {
  if (code === "HPE_HEADER_OVERFLOW") return headersTooLarge({ wanted: "at most 16 KiB" });
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return requestTimeout({ wanted: `a whole request within ${requestTimeoutMs / 1000} s` });
  if (code === "HPE_CHUNK_EXTENSIONS_OVERFLOW")
    return bodyTooLarge({ seen: "too many", limit: 16_384, wanted: "shorter chunk extensions" });
  return malformed(message.replace(/^Parse Error:? ?/, "") || "it cannot be parsed");
}
