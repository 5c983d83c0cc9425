/** @file What the server's tests share: a store with small real models, images whose label is known, and raw HTTP. */
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { openStore } from "../artifact/store/layout.ts";
import type { Artifact, Store } from "../artifact/types.ts";
import { digestOf } from "../base/digest.ts";
import { exportModel } from "../model/export.ts";
import { crossEntropy, dense, flatten } from "../model/layers.ts";
import type { ServedProject } from "./service.ts";

const size = 28;
export const labels = Array.from({ length: 10 }, (_, index) => String(index));

/** `POST /predict` with the field `file`, as in the digits example. */
export const project: ServedProject = {
  name: "digits",
  data: { otherSizes: "refuse" },
  serve: {
    routes: {
      "POST /predict": { input: { file: { kind: "image" } }, output: ({ label }) => ({ prediction: Number(label) }) },
    },
  },
};

/** A store in a folder of its own. */
export async function createStore(): Promise<{ store: Store; folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-serve-"));
  return { store: await openStore(folder), folder, remove: () => rm(folder, { recursive: true }) };
}

/** Stores a network that answers `(place + turn) % 10` for `markedImage(place)`, and makes it the champion. */
export async function putTurnedModel(store: Store, turn: number): Promise<Artifact> {
  const weight = new Float32Array(10 * size * size);
  for (let place = 0; place < 10; place++) weight[((place + turn) % 10) * size * size + place] = 20;
  const { model, signature } = exportModel({
    layers: [flatten(), dense(10)],
    loss: crossEntropy(),
    input: { channels: 1, height: size, width: size },
    labels,
    parameters: [
      { name: "dense1.weight", shape: [10, size * size], data: weight },
      { name: "dense1.bias", shape: [10], data: new Float32Array(10) },
    ],
  });
  return putModel(store, model, signature);
}

export async function putModel(store: Store, model: Uint8Array, signature: Artifact["signature"]): Promise<Artifact> {
  const artifact = await store.put({
    name: "digits",
    model,
    signature,
    lineage: {
      inputs: digestOf("inputs"),
      dataset: {
        digest: digestOf("dataset"),
        count: 10,
        labels: Object.fromEntries(labels.map((label) => [label, 1])),
      },
      code: digestOf("code"),
      trainer: "sequential",
      parameters: {},
      seed: 1,
      metrics: { accuracy: 0.9876 },
      history: [],
      versions: {},
      startedAt: "2026-01-01T00:00:00Z",
      durationSeconds: 1,
    },
  });
  await store.setAlias("digits", "champion", artifact.digest);
  return artifact;
}

/** A grey PNG, black but for one white pixel in its first row. */
export function markedImage(place: number): Uint8Array {
  const rows = Buffer.alloc(size * (size + 1));
  rows[1 + place] = 255;
  return pngOf(size, size, deflateSync(rows));
}

/** A grey, or coloured, 8-bit PNG of any claimed size round any data. */
export function pngOf(width: number, height: number, data: Uint8Array, { coloured = false } = {}): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = coloured ? 2 : 0;
  const chunk = (type: string, content: Uint8Array): Buffer => {
    const named = Buffer.concat([Buffer.from(type), content]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(content.length, 0);
    ends.writeUInt32BE(crc32(named), 4);
    return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
  };
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

/** The form with one file, as curl sends it. */
export function formOf(field: string, content: Uint8Array, boundary = "----b0undary"): Buffer {
  return Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="x.png"\r\nContent-Type: image/png\r\n\r\n`,
    ),
    content,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
}

export interface RawAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Sends bytes as they are, piece by piece, and reads one answer to the end of its Content-Length. Rejects when there is none. */
export function sendRaw(port: number, pieces: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const finish = (answer: RawAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const answer = parseAnswer(text);
      if (answer !== undefined) finish(answer);
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`the connection closed after ${JSON.stringify(text)}`)));
    for (const piece of pieces) socket.write(piece);
  });
}

function parseAnswer(text: string): RawAnswer | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [start = "", ...lines] = text.slice(0, end).split("\r\n");
  if (start.startsWith("HTTP/1.1 100")) return parseAnswer(text.slice(end + 4));
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const body = text.slice(end + 4);
  const length = Number(headers["content-length"] ?? 0);
  return body.length < length
    ? undefined
    : { status: Number(start.slice(9, 12)), headers, body: body.slice(0, length) };
}
