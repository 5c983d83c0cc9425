import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import { toRequestId } from "../http/request-id.ts";
import { takeOver } from "./exchange.ts";
import type { Guard } from "./guard.ts";
import type { RawHandler, RouteTable } from "./service.ts";

/**
 * Protocols' routes: each is Fastify's as any other, so that whatever is unusual about a request (a query, an encoded path) is its
 * business. A request for exactly a path of the table goes to its handler directly: docs/adr/0003-http.md has what that saves.
 */
export function createRouteTable(app: FastifyInstance): RouteTable & { goFirst(guard: Guard): void } {
  const direct = new Map<string, Map<string, RawHandler>>();
  const taken = new Set<string>();
  return {
    add(method, path, handler) {
      // The project's own routes come first, and go before a protocol's of the same path.
      if (taken.has(`${method} ${path}`)) return;
      taken.add(`${method} ${path}`);
      app.route({
        method,
        url: path,
        handler(request, reply) {
          const { request: raw, response, id } = takeOver(request, reply);
          handler(raw, response, id);
        },
      });
      if (!/^[\w/.-]+$/.test(path)) return;
      direct.set(path, (direct.get(path) ?? new Map<string, RawHandler>()).set(method, handler));
    },
    /** Puts the table before Fastify's own listener, and the guard before both. */
    goFirst(guard) {
      const others = app.server.listeners("request") as ((
        request: IncomingMessage,
        response: ServerResponse,
      ) => void)[];
      app.server.removeAllListeners("request");
      app.server.on("request", (request: IncomingMessage, response: ServerResponse) => {
        if (!guard.admits(request, response)) return;
        const handler = direct.get(request.url!)?.get(request.method!);
        if (handler !== undefined) handler(request, response, toRequestId(request.headers["x-request-id"]));
        else for (const other of others) other(request, response);
      });
    },
  };
}
