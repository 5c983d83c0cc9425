import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createClient } from "./client.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const image = new Blob(["pixels"], { type: "image/png" });
const never = new AbortController().signal;

test("an answer comes with the model's digest and the server's own time", async () => {
  let asked = "";
  const base = await serve((request, response) => {
    request.setEncoding("latin1").on("data", (chunk: string) => (asked += chunk));
    request.on("end", () => {
      response.setHeader("x-model-digest", "sha256:ab");
      response.setHeader("server-timing", "predict;dur=0.62");
      response.end(JSON.stringify({ label: "7", probability: 0.9, probabilities: { "1": 0.1, "7": 0.9 } }));
    });
  });
  const outcome = await createClient(base).predict(image, never);
  expect(outcome).toMatchObject({
    kind: "answer",
    answer: { label: "7", probabilities: { "1": 0.1, "7": 0.9 } },
    serverMs: 0.62,
    modelDigest: "sha256:ab",
  });
  expect(asked).toMatch(/name="image"; filename="image"\r\nContent-Type: image\/png\r\n\r\npixels/);
});

test("addresses are the page's own, so a prefix in front is kept", async () => {
  const paths: (string | undefined)[] = [];
  const base = await serve((request, response) => {
    paths.push(request.url);
    request.resume();
    response.end("{}");
  });
  const client = createClient(`${base}team/digits/`);
  await client.readCard(never);
  await client.predict(image, never);
  expect(paths).toEqual(["/team/digits/card", "/team/digits/playground/predict"]);
});

test("a problem keeps its words, its mend and when to try again", async () => {
  const base = await serve((request, response) => {
    request.resume();
    response.writeHead(503, { "content-type": "application/problem+json", "retry-after": "2" });
    response.end(
      JSON.stringify({ title: "Too busy", detail: "The queue holds 512 rows.", mend: "Ask again later.", code: "X" }),
    );
  });
  expect(await createClient(base).predict(image, never)).toEqual({
    kind: "problem",
    status: 503,
    title: "Too busy",
    detail: "The queue holds 512 rows.",
    mend: "Ask again later.",
    code: "X",
    retryAfterMs: 2000,
  });
});

test.each([
  [404, "<h1>nothing here</h1>", { kind: "problem", status: 404, title: "Not Found" }],
  [200, "not json", { kind: "problem", status: 200, title: "The answer is not what the page expects" }],
  [502, "<h1>bad gateway</h1>", { kind: "away" }],
])("status %d with %s is told apart", async (status, body, wanted) => {
  const base = await serve((request, response) => {
    request.resume();
    response.writeHead(status).end(body);
  });
  expect(await createClient(base).readCard(never)).toMatchObject(wanted);
});

test("a server that is not there is away, not an error", async () => {
  const base = await serve(() => {});
  const server = servers.pop()!;
  await new Promise((resolve) => server.close(resolve));
  expect(await createClient(base).predict(image, never)).toEqual({ kind: "away" });
});

test("an aborted question rejects, so that nobody takes it for an answer", async () => {
  const base = await serve(() => {});
  const controller = new AbortController();
  const asked = createClient(base).predict(image, controller.signal);
  controller.abort();
  await expect(asked).rejects.toThrow(/abort/i);
});
