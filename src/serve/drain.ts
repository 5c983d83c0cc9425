import { Server as NetServer } from "node:net";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** Ends a server without losing what it was asked. */
export interface Drain {
  /** From now on answers say `Connection: close`, so that callers who keep connections go elsewhere next; new ones are taken as before. */
  begin(): void;
  /**
   * Stops accepting, answers what is in flight with `Connection: close`, gives idle connections `idleGraceMs` to bring one more
   * request (it may be on the wire already), and cuts what is left after `deadlineMs`. Resolves when every connection is closed.
   */
  run(options: { idleGraceMs: number; deadlineMs: number }): Promise<void>;
}

/** Where a response stands among the open ones. */
const place = Symbol("place");

type OpenResponse = ServerResponse & { [place]: number };

/** Watches the server from its start, so that answers which are being written when the drain begins also say `close`. */
export function createDrain(server: Server): Drain {
  // A Set would be simpler, but V8 replaces its table every few dozen requests, and a table that was replaced keeps all it
  // held alive until the next large collection.
  const open: OpenResponse[] = [];
  let draining = false;
  server.prependListener("request", (_request: IncomingMessage, response: OpenResponse) => {
    if (draining) response.shouldKeepAlive = false;
    response[place] = open.push(response) - 1;
    response.on("close", forget);
  });
  function forget(this: OpenResponse): void {
    const last = open.pop()!;
    if (last === this) return;
    open[this[place]] = last;
    last[place] = this[place];
  }
  function begin(): void {
    draining = true;
    for (const response of open) if (!response.headersSent) response.shouldKeepAlive = false;
  }
  return {
    begin,
    async run({ idleGraceMs, deadlineMs }) {
      begin();
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
