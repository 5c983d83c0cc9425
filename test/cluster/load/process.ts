/** @file The process of `startLoad`. */
import { runLoad } from "../../../src/testing/load.ts";
import { mostSeconds, type SteadyLoad, type SteadyResult } from "./steady.ts";

const stopping = new AbortController();
// The test is gone: nobody wants to know any more.
process.once("disconnect", () => process.exit(stopping.signal.aborted ? 0 : 1));
process.once("message", (load: SteadyLoad) => void run(load));

async function run({ host, port, connections, paceMs, request }: SteadyLoad): Promise<void> {
  process.once("message", () => stopping.abort());
  process.send?.("started");
  const digests: Record<string, number> = {};
  const text = Buffer.from(request).toString("latin1");
  const close = Buffer.from(text.replace("Connection: keep-alive", "Connection: close"), "latin1");
  const send = (bytes: Uint8Array) =>
    runLoad({
      host,
      port,
      connections: connections / 2,
      seconds: mostSeconds,
      paceMs,
      requests: [bytes],
      signal: stopping.signal,
      check(_index, _status, _body, head) {
        const digest = /\r\nx-model-digest: *(\S+)/.exec(head)?.[1] ?? "";
        digests[digest] = (digests[digest] ?? 0) + 1;
        return true;
      },
    });
  const [kept, fresh] = await Promise.all([send(request), send(close)]);
  process.send?.({ kept, fresh, digests } satisfies SteadyResult, () => process.disconnect());
}
