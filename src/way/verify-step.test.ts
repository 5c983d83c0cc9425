import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import type { Artifact } from "../artifact/types.ts";
import { digestOf } from "../base/digest.ts";
import { silent } from "../base/progress.ts";
import type { ProjectDefinition } from "../project/types.ts";
import { findRoute, verifyStep } from "./verify-step.ts";

const home = realpathSync(mkdtempSync(join(tmpdir(), "slipway-verify-")));
const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const labels = ["even", "odd"];
const questions = Array.from({ length: 40 }, (_, index) => {
  const path = join(home, `${index}.png`);
  writeFileSync(path, String(index));
  const subject = { kind: "image", fileName: `${index}.png`, read: () => readFile(path) } as const;
  return { name: `${index}.png`, label: labels[index % 2] ?? "", subject };
});
const digest = digestOf("model");
const artifact = (accuracy: number): Artifact => ({
  name: "parity",
  digest,
  model: { digest, size: 1 },
  signature: {
    inputs: [],
    outputs: [{ name: "p", datatype: "FP32", shape: [-1, 2], content: { kind: "probabilities", labels } }],
  },
  lineage: {
    inputs: digest,
    dataset: { digest, count: 40, labels: {} },
    code: digest,
    trainer: "sequential",
    parameters: {},
    seed: 1,
    metrics: { accuracy },
    history: [],
    versions: {},
    startedAt: "2026-01-01T00:00:00Z",
    durationSeconds: 1,
  },
  aliases: [],
  createdAt: "2026-01-01T00:00:00Z",
});

const routes: NonNullable<ProjectDefinition["serve"]>["routes"] = {
  "POST /parity": { input: { picture: { kind: "image" } }, output: ({ label }) => ({ is: label }) },
};

/** An endpoint that tells even from odd by the number in the file; `answer` may spoil it. */
async function serve(
  answer: (index: number, right: string) => { status?: number; is?: string; digest?: string } = () => ({}),
) {
  const server = createServer((request, response) => {
    const reply = async (): Promise<void> => {
      if (request.url === "/readyz") {
        response.setHeader("x-model-digest", answer(-1, "").digest ?? digest).end("{}");
        return;
      }
      const body = await readText(request);
      const index = Number(/\r\n\r\n(\d+)\r\n/.exec(body)?.[1]);
      const named = body.includes(`name="picture"; filename="${index}.png"`) && request.url === "/parity";
      const { status = 200, is = labels[index % 2], digest: own = digest } = answer(index, labels[index % 2] ?? "");
      response.writeHead(named ? status : 404, { "x-model-digest": own }).end(JSON.stringify({ is }));
    };
    void reply();
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function verify(url: string, accuracy: number) {
  const project = { definition: { serve: { routes } } as ProjectDefinition };
  const signal = new AbortController().signal;
  return verifyStep({ project, artifact: artifact(accuracy), url, questions, report: silent, signal });
}

test("all files go through the project's own route, and as many are right as in training", async () => {
  expect(await verify(await serve(), 1)).toMatchObject({ count: 40, correct: 40 });
  const threeWrong = await serve((index) => (index < 3 ? { is: index % 2 === 0 ? "odd" : "even" } : {}));
  expect(await verify(threeWrong, 37 / 40)).toMatchObject({ correct: 37 });
});

test("one more or one less than in training is told", async () => {
  await expect(verify(await serve(), 39 / 40)).rejects.toMatchObject({
    code: "SLIPWAY_WAY_VERIFY_DIFFERS",
    details: { correct: 40, wanted: 39, count: 40 },
    exit: 5,
  });
});

test("refused files are named with their answers, the first five of them", async () => {
  const error: unknown = await verify(
    await serve((index) => (index >= 0 && index < 7 ? { status: 503 } : {})),
    1,
  ).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "SLIPWAY_WAY_VERIFY_FAILED", details: { failed: 7, count: 40 } });
  expect((error as { details: { failures: string[] } }).details.failures).toHaveLength(5);
  expect((error as Error).message).toMatch(/\n {2}\d\.png: 503 /);
});

test("another model than the one that was deployed is told, before and during", async () => {
  const other = digestOf("other");
  const wrong = { code: "SLIPWAY_WAY_VERIFY_OTHER_MODEL", details: { seen: other, wanted: digest } };
  await expect(verify(await serve(() => ({ digest: other })), 1)).rejects.toMatchObject(wrong);
  await expect(verify(await serve((index) => (index > 20 ? { digest: other } : {})), 1)).rejects.toMatchObject(wrong);
});

test("an endpoint that is gone is an error, not a wrong answer", async () => {
  const url = await serve();
  open[0]?.close();
  await expect(verify(url, 1)).rejects.toThrow(/fetch failed|ECONNREFUSED/);
});

test("without a route of the project's, the server's own is asked", () => {
  expect(findRoute()).toMatchObject({ path: "/playground/predict", field: "image" });
  expect(findRoute(routes)).toMatchObject({ path: "/parity", field: "picture" });
});

test("texts and columns go through the first route that takes them", () => {
  const all: NonNullable<ProjectDefinition["serve"]>["routes"] = {
    ...routes,
    "POST /code": { handle: () => 1 },
    "POST /price": { input: { kind: "columns" } },
    "POST /say": { input: { sentence: { kind: "text" } } },
  };
  expect(findRoute(all, "features")).toMatchObject({ path: "/price", field: "" });
  expect(findRoute(all, "text")).toMatchObject({ path: "/say", field: "sentence" });
  expect(findRoute(routes, "text")).toMatchObject({ path: "/playground/predict", field: "text" });
  expect(findRoute(routes, "features")).toMatchObject({ path: "/playground/predict", field: "" });
});
