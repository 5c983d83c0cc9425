/** @file Serving against the usual stacks: the same model, the same JPEG uploads, the same client, in turns. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { imageFolder } from "../src/data/index.ts";
import { openDataset } from "../src/data/open.ts";
import { readModel } from "../src/onnx/read.ts";
import { decodeImage } from "../src/pixels/decode.ts";
import { createSession } from "../src/graph/run.ts";
import { multipartRequest } from "../src/testing/load.ts";
import { serveExample, trainExample, type TrainedExample } from "./lib/example.ts";
import { preparePeers } from "./lib/peers.ts";
import { type Candidate, compareServers, type ServeRow } from "./lib/servers.ts";

/** The champion for the peers: the ONNX file; its parameters as raw float32 with their names and lengths; its layers as JSON. */
interface ServedModel {
  path: string;
  weights: string;
  names: string;
  layers: string;
}

const peers = fileURLToPath(new URL("peers", import.meta.url));

export async function benchServing(options: {
  rounds: number;
  seconds: number;
  connections: number;
  only: readonly string[];
}): Promise<{ rows: ServeRow[]; table: string }> {
  const python = preparePeers();
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  try {
    const example = await trainExample("digits");
    const model = await exportModel(example, folder);
    const { requests, answers } = await readUploads(example, model.path);
    const isRight = (index: number, body: string): boolean =>
      Number(/"prediction": *(\d)/.exec(body)?.[1]) === Number(answers[index]);
    return await compareServers([serveExample(example), ...listPeers(python, model)], { requests, isRight }, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function listPeers(python: string, model: ServedModel): Candidate[] {
  const bin = dirname(python);
  const torch = { WEIGHTS: model.weights, NAMES: model.names, LAYERS: model.layers };
  const onnx = { MODEL: model.path };
  return [
    {
      name: "flask",
      health: "/healthz",
      command: (port) => ({ file: python, args: ["serve_flask.py", String(port)], env: torch, cwd: peers }),
    },
    {
      name: "gunicorn",
      health: "/healthz",
      command: (port) => ({
        file: join(bin, "gunicorn"),
        args: ["-w", "4", "-b", `127.0.0.1:${port}`, "serve_flask:app"],
        env: { ...torch, THREADS: "1" },
        cwd: peers,
      }),
    },
    {
      name: "fastapi",
      health: "/healthz",
      command: (port) => ({
        file: join(bin, "uvicorn"),
        args: ["serve_fastapi:app", "--workers", "2", "--port", String(port), "--log-level", "warning"],
        env: onnx,
        cwd: peers,
      }),
    },
    {
      name: "bentoml",
      health: "/healthz",
      command: (port) => ({
        file: join(bin, "bentoml"),
        args: ["serve", "serve_bentoml:Digits", "--port", String(port), "--host", "127.0.0.1", "-q"],
        env: { ...onnx, BENTOML_DO_NOT_TRACK: "true" },
        cwd: peers,
      }),
    },
  ];
}

/** Hands the champion to the peers: the ONNX file, and its weights for PyTorch. */
async function exportModel({ store, champion }: TrainedExample, folder: string): Promise<ServedModel> {
  const bytes = await store.readModel(champion);
  const path = join(folder, "model.onnx");
  writeFileSync(path, bytes);
  const { layers } = champion.lineage.parameters as { layers: { kind: string }[] };
  const weights = join(folder, "weights.f32");
  const tensors = (readModel(bytes).graph?.initializers ?? []).filter(({ name }) => /^[a-zA-Z]+\d+\.\w+$/.test(name));
  writeFileSync(
    weights,
    Buffer.concat(tensors.map(({ data }) => new Uint8Array((data as Float32Array).slice().buffer))),
  );
  const names = JSON.stringify(tensors.map(({ name, data }) => [name, data.length]));
  return { path, weights, names, layers: JSON.stringify(layers) };
}

/** Every twentieth image of the example: some 250 uploads, and the answer that the model has for each. */
async function readUploads(
  { project }: TrainedExample,
  modelPath: string,
): Promise<{ requests: Uint8Array[]; answers: string[] }> {
  const dataset = await openDataset(imageFolder("data", { size: [28, 28], channels: 1 }), { root: project.root });
  const entries = dataset.entries.filter((_, index) => index % 20 === 0);
  const session = await createSession(modelPath, { name: "digits" });
  const requests: Uint8Array[] = [];
  const answers: string[] = [];
  for (let index = 0; index < entries.length; index++) {
    // A stride through the labels: neighbours differ.
    const { path } = entries[(index * 97) % entries.length]!;
    const content = readFileSync(join(dataset.folder, path));
    const data = decodeImage(content, { height: 28, width: 28, channels: 1, otherSizes: "refuse" });
    const { probabilities } = await session.run({ image: { type: "uint8", shape: [1, 28, 28, 1], data } });
    const row = [...(probabilities!.data as Float32Array)];
    answers.push(dataset.labels[row.indexOf(Math.max(...row))]!);
    const upload = { field: "file", fileName: path.replace("/", "-"), contentType: "image/jpeg", content };
    requests.push(multipartRequest({ host: "127.0.0.1", path: "/predict", ...upload }));
  }
  await session.release();
  return { requests, answers };
}
