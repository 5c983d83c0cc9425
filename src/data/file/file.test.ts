/** @file Single files as data: read from the project, or downloaded from a server that breaks off, lies, or has another version by now. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { dataFileMissing, dataInterrupted, downloadFailed, fileDiffers } from "../errors.ts";
import { loadExamples } from "../load.ts";
import { openDataset } from "../open.ts";
import type { FileSource } from "../types.ts";
import { cachePathOf } from "./download.ts";

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) & 255));
const digest = `sha256:${createHash("sha256").update(content).digest("hex")}` as const;
const folders: string[] = [];
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

test("a file of the project is one entry of the dataset, and handed on as it is", async () => {
  const root = makeRoot();
  writeFileSync(join(root, "net.pth"), content);
  const dataset = await openDataset(file("net.pth", { size: content.length, digest }), { root });
  expect(dataset.entries).toEqual([{ path: "net.pth", label: "weights", digest, size: content.length }]);
  expect(await loadExamples(dataset)).toMatchObject({ kind: "file", count: 1, path: join(root, "net.pth") });
});

test("what the project says of a file is held against it", async () => {
  const root = makeRoot();
  writeFileSync(join(root, "net.pth"), content.subarray(1));
  await expect(openDataset(file("net.pth", { size: 300_000 }), { root })).rejects.toMatchObject({
    code: fileDiffers.code,
    message: expect.stringContaining("its size is 299999 bytes, wanted 300000 bytes"),
  });
  await expect(openDataset(file("net.pth", { digest }), { root })).rejects.toMatchObject({
    code: fileDiffers.code,
    message: expect.stringContaining(`wanted ${digest}`),
  });
  await expect(openDataset(file("gone.pth"), { root })).rejects.toMatchObject({ code: dataFileMissing.code });
});

test("a file from a server is downloaded once, with its progress", async () => {
  const root = makeRoot();
  let asked = 0;
  const url = await serve((_, response) => {
    asked++;
    response.setHeader("content-length", content.length);
    response.end(content);
  });
  const done: (number | undefined)[] = [];
  const source = file(`${url}/net.pth?token=secret`, { digest });
  const dataset = await openDataset(source, { root, report: (event) => done.push(event.done) });
  expect(readFileSync(dataset.path).equals(content)).toBe(true);
  expect(done.at(-1)).toBe(content.length);
  await openDataset(source, { root });
  expect(asked).toBe(1);
});

test("a copy that was changed on the disk is downloaded again", async () => {
  const root = makeRoot();
  const url = await serve((_, response) => response.end(content));
  const source = file(`${url}/net.pth`, { digest });
  const { path } = await openDataset(source, { root });
  writeFileSync(path, "something else");
  expect((await openDataset(source, { root })).entries[0]?.digest).toBe(digest);
});

test("a connection that breaks is taken up where it was", async () => {
  const root = makeRoot();
  const asked: [range: string | undefined, version: unknown][] = [];
  const url = await serve((request, response) => {
    asked.push([request.headers.range, request.headers["if-range"]]);
    response.setHeader("etag", '"1"');
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from > 0) {
      response.writeHead(206, { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` });
      response.end(content.subarray(from));
      return;
    }
    response.setHeader("content-length", content.length);
    // Long enough for a busy client to have read some of it.
    response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 300));
  });
  const dataset = await openDataset(file(`${url}/net.pth`, { digest }), { root });
  expect(readFileSync(dataset.path).equals(content)).toBe(true);
  expect(asked).toEqual([
    [undefined, undefined],
    [expect.stringMatching(/^bytes=[1-9]\d*-$/), '"1"'],
  ]);
  expect(existsSync(`${dataset.path}.part`) || existsSync(`${dataset.path}.part.json`)).toBe(false);
});

test("a draft of an older version is thrown away", async () => {
  const root = makeRoot();
  const url = await serve((request, response) => {
    // If-Range does not fit any more: the whole new file comes.
    response.writeHead(200, { etag: '"2"', "content-length": content.length, "x-range": request.headers.range ?? "" });
    response.end(content);
  });
  const source = file(`${url}/net.pth`);
  const path = cachePathOf(source, root);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(
    `${path}.part`,
    content.subarray(0, 5000).map((byte) => byte ^ 255),
  );
  writeFileSync(`${path}.part.json`, JSON.stringify({ version: '"1"' }));
  const dataset = await openDataset(source, { root });
  expect(dataset.entries[0]?.digest).toBe(digest);
});

test.each<[string, RequestListener, Partial<FileSource>, string, string]>([
  [
    "not there",
    (_, response) => response.writeHead(404).end(),
    {},
    downloadFailed.code,
    "the server answered 404 Not Found",
  ],
  [
    "of another size",
    (_, response) => response.writeHead(200, { "content-length": content.length }).end(content),
    { size: 5 },
    downloadFailed.code,
    "the server's file has 300000 bytes, wanted 5",
  ],
  [
    "larger than announced",
    (_, response) => void response.write(content, () => response.end()),
    { size: 5 },
    downloadFailed.code,
    "it has more bytes than announced",
  ],
  ["of another digest", (_, response) => response.end("other"), { digest }, fileDiffers.code, "its digest is sha256:"],
])(
  "a file on a server that is %s is refused, and the address's secrets are not told",
  async (_what, listener, wanted, code, message) => {
    const root = makeRoot();
    const url = await serve(listener);
    const address = `${url.replace("http://", "http://me:word@")}/net.pth?signature=secret`;
    await expect(openDataset(file(address, wanted), { root })).rejects.toMatchObject({
      code,
      message: expect.toSatisfy((text: string) => text.includes(message) && !/word|secret/.test(text)),
    });
  },
);

test("a password in the address is sent as servers expect it", async () => {
  const root = makeRoot();
  const seen: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.end(content);
  });
  await openDataset(file(`${url.replace("http://", "http://me:pass%20word@")}/net.pth`), { root });
  expect(seen).toEqual([`Basic ${Buffer.from("me:pass word").toString("base64")}`]);
});

test("Ctrl-C ends a download", async () => {
  const root = makeRoot();
  const url = await serve((_, response) => void response.write(content.subarray(0, 10)));
  const stop = new AbortController();
  const opening = openDataset(file(`${url}/net.pth`), {
    root,
    signal: stop.signal,
    report: ({ done }) => {
      if (done !== undefined) stop.abort();
    },
  });
  await expect(opening).rejects.toMatchObject({ code: dataInterrupted.code });
});

function file(path: string, wanted: Partial<FileSource> = {}): FileSource {
  return { kind: "file", role: "weights", path, size: undefined, digest: undefined, ...wanted };
}

function makeRoot(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-file-"));
  folders.push(folder);
  return folder;
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("a TCP server has a port");
  return `http://127.0.0.1:${address.port}`;
}
