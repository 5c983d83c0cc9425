import { once } from "node:events";
import { type Agent, createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { askHttp, createAgent } from "./ask.ts";

const echo: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    response.writeHead(request.method === "GET" ? 404 : 200, { "x-kind": "test" });
    response.end(`${request.method} ${String(request.headers["x-mine"])} ${Buffer.concat(chunks).toString()}`);
  });
};

async function listen(port: number, answer = echo): Promise<string | undefined> {
  const server = createServer(answer);
  const url = await new Promise<string | undefined>((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return url;
}

const signal = AbortSignal.timeout(10_000);

test("asks and posts, with headers; any status is an answer", async () => {
  const url = (await listen(0))!;
  const headers = { "x-mine": "yes" };
  expect(await askHttp(url, { headers, signal })).toMatchObject({ status: 404, text: "GET yes " });
  const posted = await askHttp(url, { headers, body: "gänse", signal });
  expect(posted).toMatchObject({ status: 200, headers: { "x-kind": "test" }, text: "POST yes gänse" });
});

test("reaches ports that fetch refuses", async () => {
  const refused = [6000, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 10_080];
  for (const port of refused) {
    const url = await listen(port);
    // Another program may have it.
    if (url === undefined) continue;
    await expect(fetch(url)).rejects.toThrow("fetch failed");
    expect((await askHttp(url, { signal })).status).toBe(404);
    return;
  }
  throw new Error(`none of the ports ${refused.join(", ")} is free`);
});

test("rejects where nobody answers", async () => {
  await expect(askHttp("http://127.0.0.1:1", { signal })).rejects.toThrow("ECONNREFUSED");
});

test("asks over the connections of an agent, or over one for each request", async () => {
  const ports = (await listen(0, ({ socket }, response) => response.end(String(socket.remotePort))))!;
  const agent = createAgent(ports);
  onTestFinished(() => agent.destroy());
  const seen = async (by: Agent | false) => (await askHttp(ports, { agent: by, signal })).text;
  expect(await seen(agent)).toBe(await seen(agent));
  expect(await seen(false)).not.toBe(await seen(false));
});

test("rejects where the other side is silent for longer than is waited for", async () => {
  const silent = (await listen(0, () => {}))!;
  await expect(askHttp(silent, { silenceMs: 50, signal })).rejects.toThrow("no answer within 0.05 s");
});

test("an agent for HTTPS speaks TLS", async () => {
  const heard = Promise.withResolvers<number | undefined>();
  const server = createTcpServer((socket) => {
    socket.once("data", (bytes) => {
      heard.resolve(bytes[0]);
      socket.destroy();
    });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const agent = createAgent(url);
  onTestFinished(() => agent.destroy());
  await expect(askHttp(url, { agent, signal })).rejects.toThrow("before secure TLS connection was established");
  // The type of a handshake's record: RFC 8446, 5.1.
  expect(await heard.promise).toBe(22);
});
