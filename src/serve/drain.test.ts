import { once } from "node:events";
import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createDrain } from "./drain.ts";

/** A server whose path `/held` answers when it is told to. */
async function start() {
  let held: ServerResponse | undefined;
  const server = createServer((request, response) => {
    if (request.url === "/held") held = response;
    else response.end("ok");
  });
  const drain = createDrain(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const ask = async (agent: Agent, path = "/"): Promise<IncomingMessage> => {
    const [answer] = (await once(get({ port, path, agent }), "response")) as [IncomingMessage];
    answer.resume();
    await once(answer, "end");
    return answer;
  };
  return {
    drain,
    ask,
    isHeld: () => held !== undefined,
    letGo: () => held?.end("ok"),
  };
}

const keep = (): Agent => {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  return agent;
};

test("once it begins, callers that keep connections are told to go, and others are let in", async () => {
  const { drain, ask, isHeld, letGo } = await start();
  const [one, other] = [keep(), keep()];
  expect((await ask(one)).headers.connection).toBe("keep-alive");
  const held = ask(other, "/held");
  await expect.poll(isHeld).toBe(true);
  drain.begin();
  letGo();
  expect((await held).headers.connection).toBe("close");
  const kept = await ask(one);
  expect([kept.statusCode, kept.headers.connection]).toEqual([200, "close"]);
  // Each comes on a connection of its own now.
  const again = await ask(one);
  expect([again.statusCode, again.headers.connection]).toEqual([200, "close"]);
  await drain.run({ idleGraceMs: 0, deadlineMs: 10_000 });
  await expect(ask(one)).rejects.toThrow("ECONNREFUSED");
});
