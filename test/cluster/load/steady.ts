/** @file Steady load from a process of its own, so that what the test does meanwhile does not slow it down, nor it the test. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoadResult } from "../../../src/testing/load.ts";

export interface SteadyLoad {
  host: string;
  port: number;
  /** Half of them are kept, half are made anew for each request. */
  connections: number;
  /** Milliseconds between an answer and the next request of a connection. */
  paceMs: number;
  /** A whole HTTP/1.1 request with a header line `Connection: keep-alive`; the fresh connections say `close` there. */
  request: Uint8Array;
}

export interface SteadyResult {
  kept: LoadResult;
  fresh: LoadResult;
  /** Answers by the digest that they name; those that name none are under "". */
  digests: Readonly<Record<string, number>>;
}

/** More than any test takes, in seconds: load ends with its test, and by itself if that dies. */
export const mostSeconds = 300;

/** Starts it. `stop` lets the requests on their way be answered and gives what came of all of them. */
export async function startLoad(load: SteadyLoad): Promise<{ stop(): Promise<SteadyResult> }> {
  const child = fork(fileURLToPath(new URL("process.ts", import.meta.url)), { serialization: "advanced" });
  const ended = once(child, "exit");
  child.send(load);
  await once(child, "message");
  return {
    async stop() {
      const result = once(child, "message") as Promise<[SteadyResult]>;
      child.send("stop");
      const [found] = await Promise.race([
        result,
        ended.then(([code]): never => {
          throw new Error(`the load's process ended with ${code}`);
        }),
      ]);
      await ended;
      return found;
    },
  };
}
