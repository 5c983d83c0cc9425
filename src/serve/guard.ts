/** @file Who may ask, and who may change what is served. Stands before every route. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isSameSecret, readLogin } from "../http/basic.ts";
import { createLimiter } from "../http/limiter.ts";
import { toRequestId } from "../http/request-id.ts";
import { controlClosed, loginsTooMany, unauthorized } from "./errors.ts";
import { sendProblem } from "./exchange.ts";
import { shapeFor } from "./protocols/index.ts";
import type { Service } from "./service.ts";

export interface Guard {
  /** False: the request was, or will be, answered here. */
  admits(request: IncomingMessage, response: ServerResponse): boolean;
  /** For what changes what is served. Throws `controlClosed`. */
  refuseStranger(request: IncomingMessage): void;
}

/** For kubelets, load balancers and Prometheus, which have no login; they tell nothing that is worth one. */
const openPaths = new Set(["/healthz", "/livez", "/metrics", "/readyz"]);

export function createGuard(service: Service): Guard {
  const { isLogin, controlToken } = service.access;
  const limiter = createLimiter();

  const isController = (request: IncomingMessage): boolean => {
    const token = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
    return controlToken !== undefined && token !== undefined && isSameSecret(token, controlToken);
  };

  const refuse = (error: Error, request: IncomingMessage, response: ServerResponse): void => {
    const id = toRequestId(request.headers["x-request-id"]);
    sendProblem(error, { id, request, response }, service, shapeFor(request.url ?? ""));
  };

  const askLogin = (request: IncomingMessage, response: ServerResponse): boolean => {
    const login = readLogin(request.headers.authorization);
    const address = request.socket.remoteAddress ?? "";
    const challenge = `Basic realm="${service.project.name}", charset="UTF-8"`;
    const missing = (): Error => unauthorized({ challenge, wanted: "a name and a password" });
    // Browsers and many clients ask without a login first: that is no failed one.
    if (login === undefined) {
      refuse(missing(), request, response);
      return false;
    }
    if (limiter.isFull(address)) {
      refuse(loginsTooMany({ retryAfterSeconds: limiter.seconds, wanted: "fewer attempts" }), request, response);
      return false;
    }
    if (isLogin!(login.name, login.password)) return true;
    service.log.warn({ address, path: request.url }, "a login failed");
    // Held back, so that guessing is slow; the connection waits, nobody else does.
    limiter.fail(address, () => refuse(missing(), request, response));
    return false;
  };

  return {
    // Only these very paths are open; however else a path may be written, it wants a login.
    admits: (request, response) =>
      isLogin === undefined || openPaths.has(request.url!) || isController(request) || askLogin(request, response),
    refuseStranger(request) {
      // Whoever got this far has logged in.
      if (isLogin !== undefined || isController(request)) return;
      if (controlToken === undefined && isFromHere(request)) return;
      const wanted = controlToken === undefined ? "a server with a control token or a login" : "the control token";
      throw controlClosed({ path: request.url!.split("?", 1)[0]!, wanted });
    },
  };
}

/** From this machine, and not handed on by a proxy on it. */
function isFromHere({ socket, headers }: IncomingMessage): boolean {
  const address = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const isLoopback = address === "::1" || address.startsWith("127.");
  return isLoopback && headers["x-forwarded-for"] === undefined && headers.forwarded === undefined;
}
