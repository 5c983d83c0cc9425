/** @file A small project in a folder of its own, and the console over it: real files, a real store, a real server. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type * as z from "zod";
import { askHttp, type Asked } from "../base/ask.ts";
import { encodePng } from "../pixels/encode-png.ts";
import { problem, type Problem } from "./api.ts";
import { openConsole, type Console } from "./server.ts";

export const size = 16;

/** Upright or lying bars, each a little elsewhere: `bar(0, …)` upright, `bar(1, …)` lying. */
export function drawBar(kind: number, number: number): Uint8Array {
  const pixels = new Uint8Array(size * size);
  for (let at = 0; at < pixels.length; at++) {
    const [y, x] = [Math.floor(at / size), at % size];
    const off = (kind === 0 ? x : y) - 5 - (number % 6);
    pixels[at] = (Math.abs(off) < 2 ? 180 : 10) + ((number * 7 + at * 13) % 40);
  }
  return encodePng(pixels, size, size);
}

export const bars: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  ["upright", "lying"].flatMap((label, kind) =>
    Array.from({ length: 24 }, (_, number) => [`data/${label}/${number}.png`, drawBar(kind, number)] as const),
  ),
);

export const barsConfig = `
import { defineProject } from "slipway";
import { imageFolder } from "slipway/data";
import { adam, crossEntropy, dense, flatten, sequential } from "slipway/train";
export default defineProject({
  name: "bars",
  data: imageFolder("data", { size: [${size}, ${size}], channels: 1 }),
  train: sequential({
    layers: [flatten(), dense(2)], loss: crossEntropy(), optimizer: adam({ rate: 0.003 }), batch: 8, epochs: 8, seed: 1, workers: 1,
  }),
});
`;

export const textConfig = `
import { defineProject } from "slipway";
import { jsonl } from "slipway/data";
import { naiveBayes } from "slipway/train";
export default defineProject({
  name: "talk",
  data: jsonl("talk.jsonl", { text: "text", label: "label" }),
  train: naiveBayes(),
});
`;

export const texts = ["hello|greeting", "good day|greeting", "bye|parting", "farewell|parting"]
  .map((line) => line.split("|"))
  .map(([text, label]) => `${JSON.stringify({ text, label })}\n`)
  .join("");

export interface Fixture extends AsyncDisposable {
  root: string;
  url: string;
  console: Console;
  write(path: string, content: Uint8Array | string): void;
  /** A GET whose answer must be of the schema. */
  get<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>>;
  /** A POST as the page makes it. */
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Asked>;
  ask(path: string, headers?: Readonly<Record<string, string>>, body?: string): Promise<Asked>;
}

export async function openFixture(files: Readonly<Record<string, Uint8Array | string>>): Promise<Fixture> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "slipway-console-")));
  const write = (path: string, content: Uint8Array | string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  for (const [path, content] of Object.entries(files)) write(path, content);
  const page = { html: "<!doctype html><title>console</title>", policy: "default-src 'none'" };
  const opened = await openConsole({ root, port: 0, page });
  const ask: Fixture["ask"] = (path, headers = {}, body) =>
    askHttp(`${opened.url}${path}`, {
      headers,
      signal: AbortSignal.timeout(20_000),
      ...(body !== undefined && { body }),
    });
  return {
    root,
    url: opened.url,
    console: opened,
    write,
    ask,
    async get(path, schema) {
      const { status, text } = await ask(path);
      if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
      return schema.parse(JSON.parse(text));
    },
    post: (path, body, headers = {}) =>
      ask(path, { origin: opened.url, "content-type": "application/json", ...headers }, JSON.stringify(body)),
    async [Symbol.asyncDispose]() {
      await opened.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export function readProblem({ text }: Asked): Problem {
  return problem.strict().parse(JSON.parse(text));
}
