import { Server as NetServer } from "node:net";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** Ends a server without losing what it was asked. */
export interface Drain {
  /**
   * Stops accepting, answers what is in flight with `Connection: close`, gives idle connections `idleGraceMs` to bring one more
   * request (it may be on the wire already), and cuts what is left after `deadlineMs`. Resolves when every connection is closed.
   */
  run(options: { idleGraceMs: number; deadlineMs: number }): Promise<void>;
}

/** Watches the server from its start, so that answers which are being written when the drain begins also say `close`. */
export function createDrain(server: Server): Drain {
  const open = new Set<ServerResponse>();
  function forget(this: ServerResponse): void {
    open.delete(this);
  }
  let draining = false;
  server.prependListener("request", (_request: IncomingMessage, response: ServerResponse) => {
    if (draining) response.shouldKeepAlive = false;
    open.add(response);
    response.on("close", forget);
  });
  return {
    async run({ idleGraceMs, deadlineMs }) {
      draining = true;
      for (const response of open) if (!response.headersSent) response.shouldKeepAlive = false;
      // http.Server.close would at once cut connections that look idle, with requests on them that were not read yet.
      const closed = new Promise<void>((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
      const deadline = performance.now() + deadlineMs;
      const grace = performance.now() + idleGraceMs;
      for (let done = false; !done;) {
        done = await Promise.race([closed.then(() => true), delay(20, false)]);
        if (performance.now() > grace) server.closeIdleConnections();
        if (performance.now() > deadline) server.closeAllConnections();
      }
    },
  };
}
