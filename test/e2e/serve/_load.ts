import { connect } from "node:net";
import { formOf, markedImage } from "../../../src/serve/_fixture.ts";

export interface Tally {
  answered: number;
  /** Answers that were not 200 with the right label for the model that says it answered. */
  wrong: string[];
  /** Requests that were sent and had no answer. */
  lost: string[];
  digests: Set<string>;
}

/** Keeps connections busy until the server says `Connection: close` on each, or `stop` is called. Nothing is sent twice. */
export function startLoad(port: number, connections: number, turnOf: (digest: string) => number) {
  const tally: Tally = { answered: 0, wrong: [], lost: [], digests: new Set() };
  let stopped = false;
  const runs = Array.from({ length: connections }, (_, index) => keepAsking(index));
  return {
    tally,
    /** Ends after the answers to what is in flight. */
    async stop(): Promise<Tally> {
      stopped = true;
      return this.ended();
    },
    async ended(): Promise<Tally> {
      await Promise.all(runs);
      return tally;
    },
  };

  function keepAsking(index: number): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      let place = index % 10;
      let inFlight = false;
      let text = "";
      const ask = (): void => {
        place = (place + 3) % 10;
        const body = formOf("file", markedImage(place));
        inFlight = true;
        socket.write(
          Buffer.concat([
            Buffer.from(
              `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=----b0undary\r\nContent-Length: ${body.length}\r\n\r\n`,
            ),
            body,
          ]),
        );
      };
      socket.on("connect", ask);
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) return;
        const head = text.slice(0, end).toLowerCase();
        const length = Number(/content-length: (\d+)/.exec(head)?.[1]);
        if (text.length < end + 4 + length) return;
        const digest = /x-model-digest: (\S+)/.exec(head)?.[1] ?? "";
        const wanted = `200 {"prediction":${(place + turnOf(digest)) % 10}}`;
        const seen = `${head.slice(9, 12)} ${text.slice(end + 4, end + 4 + length)}`;
        if (seen !== wanted) tally.wrong.push(`${seen}, wanted ${wanted} of ${digest}`);
        tally.digests.add(digest);
        tally.answered++;
        inFlight = false;
        text = "";
        if (stopped || head.includes("connection: close")) socket.destroy();
        else ask();
      });
      const finish = (reason: string): void => {
        if (inFlight) tally.lost.push(reason);
        inFlight = false;
        resolve();
      };
      socket.on("error", (error) => finish(error.message));
      socket.on("close", () => finish("closed"));
    });
  }
}
