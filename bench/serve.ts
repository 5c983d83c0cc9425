/** @file Serving against the usual stacks: the same model, the same JPEG uploads, the same client, in turns. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore } from "../src/artifact/store/layout.ts";
import { imageFolder } from "../src/data/index.ts";
import { openDataset } from "../src/data/open.ts";
import { readModel } from "../src/onnx/read.ts";
import { decodeImage } from "../src/pixels/decode.ts";
import { loadProject } from "../src/project/load.ts";
import { createSession } from "../src/graph/run.ts";
import { multipartRequest, runLoad, type LoadResult } from "../src/testing/load.ts";
import { preparePeers } from "./lib/peers.ts";
import { freePort, start, waitForAnswer, watchMemory } from "./lib/process.ts";
import { formatNumber, formatSummary, summarise, type Summary } from "./lib/stats.ts";
import { formatTable } from "./lib/table.ts";

export interface ServeRow {
  candidate: string;
  requestsPerSecond: Summary;
  /** Milliseconds, median of the rounds. */
  p50: number;
  p99: number;
  /** Seconds from starting the command to its first answer. */
  ready: Summary;
  /** All processes, highest sum seen under load. */
  memoryMB: number;
  /** Answers that were wrong or missing, over all rounds. */
  errors: number;
  requests: number;
  oursTimes: number;
}

interface Candidate {
  name: string;
  health: string;
  command: (port: number) => { file: string; args: string[]; env?: Record<string, string>; cwd?: string };
}

/** The champion for the peers: the ONNX file; its parameters as raw float32 with their names and lengths; its layers as JSON. */
interface ServedModel {
  path: string;
  weights: string;
  names: string;
  layers: string;
  /** What our own server needs: the project's bundle and the store. */
  app: string;
  store: string;
}

interface Round {
  load: LoadResult;
  ready: number;
  memoryMB: number;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const example = join(root, "examples/digits");
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
    const model = await exportModel(folder);
    const candidates = listCandidates(python, model).filter(
      ({ name }) => options.only.length === 0 || name === "slipway" || options.only.includes(name),
    );
    const uploads = await readUploads(model.path);
    const rounds = new Map<string, Round[]>(candidates.map(({ name }) => [name, []]));
    for (let round = 0; round < options.rounds; round++) {
      for (const candidate of candidates) {
        const result = await runRound(candidate, uploads, options);
        rounds.get(candidate.name)!.push(result);
        const { load } = result;
        process.stderr.write(
          `round ${round + 1}/${options.rounds} ${candidate.name}: ${formatNumber(load.requestsPerSecond)} requests/s, ` +
            `p50 ${formatNumber(load.latency.p50)} ms, p99 ${formatNumber(load.latency.p99)} ms, ${load.wrong + load.failed} errors, ` +
            `${formatNumber(result.memoryMB)} MB, ready in ${formatNumber(result.ready)} s\n`,
        );
      }
    }
    return summariseRounds(rounds);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function listCandidates(python: string, model: ServedModel): Candidate[] {
  const bin = dirname(python);
  const torch = { WEIGHTS: model.weights, NAMES: model.names, LAYERS: model.layers };
  const onnx = { MODEL: model.path };
  return [
    {
      name: "slipway",
      health: "/readyz",
      // The file that ships in the image, as it is started there.
      command: (port) => ({
        file: process.execPath,
        args: [join(root, "dist/server.js")],
        env: {
          PORT: String(port),
          SLIPWAY_APP: model.app,
          SLIPWAY_STORE: model.store,
          SLIPWAY_MODEL: "digits:champion",
        },
      }),
    },
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

async function runRound(
  candidate: Candidate,
  uploads: { requests: Uint8Array[]; answers: string[] },
  options: { seconds: number; connections: number },
): Promise<Round> {
  const port = await freePort();
  const { file, args, env, cwd } = candidate.command(port);
  const started = start(file, args, { ...(cwd !== undefined && { cwd }), env: { ...env, PORT: String(port) } });
  try {
    const ready = await waitForAnswer(`http://127.0.0.1:${port}${candidate.health}`, started);
    const peak = watchMemory(started.child.pid ?? 0);
    const load = await runLoad({
      host: "127.0.0.1",
      port,
      connections: options.connections,
      seconds: options.seconds,
      warmupSeconds: 2,
      requests: uploads.requests,
      check: (index, _status, body) => Number(/"prediction": *(\d)/.exec(body)?.[1]) === Number(uploads.answers[index]),
    });
    return { load, ready, memoryMB: peak() };
  } finally {
    await started.stop();
  }
}

/** Trains the example if it is not there yet, and hands the champion to the peers: the ONNX file, and its weights for PyTorch. */
async function exportModel(folder: string): Promise<ServedModel> {
  const trained = spawnSync(process.execPath, [join(root, "bin/slipway.js"), "train", example], {
    stdio: ["ignore", 2, 2],
  });
  if (trained.status !== 0)
    throw new Error(`slipway train examples/digits ended with ${trained.status}; its message is above`);
  const { appPath } = await loadProject(example);
  const folderOfStore = join(example, ".slipway/store");
  const store = await openStore(folderOfStore);
  const artifact = await store.get("digits");
  const bytes = await store.readModel(artifact);
  const path = join(folder, "model.onnx");
  writeFileSync(path, bytes);
  const { layers } = artifact.lineage.parameters as { layers: { kind: string }[] };
  const weights = join(folder, "weights.f32");
  const tensors = (readModel(bytes).graph?.initializers ?? []).filter(({ name }) => /^[a-zA-Z]+\d+\.\w+$/.test(name));
  writeFileSync(
    weights,
    Buffer.concat(tensors.map(({ data }) => new Uint8Array((data as Float32Array).slice().buffer))),
  );
  const names = JSON.stringify(tensors.map(({ name, data }) => [name, data.length]));
  return { path, weights, names, layers: JSON.stringify(layers), app: appPath, store: folderOfStore };
}

/** Every twentieth image of the example: some 250 uploads, and the answer that the model has for each. */
async function readUploads(modelPath: string): Promise<{ requests: Uint8Array[]; answers: string[] }> {
  const dataset = await openDataset(imageFolder("data", { size: [28, 28], channels: 1 }), { root: example });
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

function summariseRounds(rounds: ReadonlyMap<string, Round[]>): { rows: ServeRow[]; table: string } {
  const rate = ({ load }: Round): number => load.requestsPerSecond;
  const ours = rounds.get("slipway")!.map(rate);
  const rows = [...rounds].map(([candidate, all]): ServeRow => {
    const median = (pick: (round: Round) => number): number => summarise(all.map(pick)).median;
    return {
      candidate,
      requestsPerSecond: summarise(all.map(rate)),
      p50: median(({ load }) => load.latency.p50),
      p99: median(({ load }) => load.latency.p99),
      ready: summarise(all.map(({ ready }) => ready)),
      memoryMB: Math.max(...all.map(({ memoryMB }) => memoryMB)),
      errors: all.reduce((sum, { load }) => sum + load.wrong + load.failed, 0),
      requests: all.reduce((sum, { load }) => sum + load.requests, 0),
      oursTimes: summarise(all.map((round, index) => ours[index]! / rate(round))).median,
    };
  });
  const table = formatTable(
    ["candidate", "requests/s: median (range)", "ours ×", "p50 ms", "p99 ms", "RSS MB", "ready s", "errors", "of"],
    rows.map((row) => [
      row.candidate,
      formatSummary(row.requestsPerSecond),
      formatNumber(row.oursTimes),
      formatNumber(row.p50),
      formatNumber(row.p99),
      formatNumber(row.memoryMB),
      formatNumber(row.ready.median),
      String(row.errors),
      String(row.requests),
    ]),
  );
  return { rows, table };
}
