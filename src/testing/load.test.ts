import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { multipartRequest, runLoad } from "./load.ts";

async function listen(handler: RequestListener): Promise<number> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const upload = multipartRequest({
  host: "127.0.0.1",
  path: "/predict",
  field: "file",
  fileName: "7.jpg",
  contentType: "image/jpeg",
  content: Uint8Array.of(1, 2, 3),
});
const load = { host: "127.0.0.1", connections: 4, seconds: 0.3, requests: [upload] };

test("counts answers and finds nothing wrong with a right server", async () => {
  const bodies = new Set<string>();
  const port = await listen((request, response) => {
    request.setEncoding("latin1").on("data", (text: string) => bodies.add(text));
    request.on("end", () => response.end('{"prediction":7}'));
  });
  const result = await runLoad({ ...load, port, check: (_index, _status, body) => body === '{"prediction":7}' });
  expect(result).toMatchObject({ wrong: 0, failed: 0, statuses: { 200: result.requests } });
  expect(result.requests).toBeGreaterThan(10);
  expect([...bodies].join("")).toContain('name="file"; filename="7.jpg"');
});

test("reads chunked answers and answers that end with the connection", async () => {
  const port = await listen((request, response) => {
    request.resume().on("end", () => {
      if (Math.random() < 0.5) response.setHeader("connection", "close");
      response.write("ab");
      response.end("cd");
    });
  });
  const result = await runLoad({ ...load, port, check: (_index, _status, body) => body === "abcd" });
  expect(result).toMatchObject({ wrong: 0, failed: 0 });
});

test("counts wrong answers, error statuses and broken connections", async () => {
  let turn = 0;
  const port = await listen((request, response) => {
    request.resume().on("end", () => {
      turn++;
      if (turn % 3 === 0) response.socket?.destroy();
      else response.writeHead(turn % 3 === 1 ? 503 : 200).end("no");
    });
  });
  const result = await runLoad({ ...load, port, check: () => false });
  expect(result.failed).toBeGreaterThan(0);
  expect(result.statuses[503]).toBeGreaterThan(0);
  expect(result.wrong).toBe(result.requests);
});

test("a server that is not there is a failure, not an exception", async () => {
  const result = await runLoad({ ...load, port: 1 });
  expect(result.requests).toBe(0);
  expect(result.failed).toBeGreaterThan(0);
});
