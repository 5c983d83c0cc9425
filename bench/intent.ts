/** @file Serving the intent example against Flask, gunicorn and scikit-learn: the same texts learned, the same texts asked, in turns. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore } from "../src/artifact/store/layout.ts";
import { loadExamples } from "../src/data/load.ts";
import { openDataset } from "../src/data/open.ts";
import { splitDataset } from "../src/data/split.ts";
import type { TextExamples } from "../src/data/types.ts";
import type { Signature } from "../src/model/signature.ts";
import { loadProject } from "../src/project/load.ts";
import { postRequest } from "../src/testing/load.ts";
import { predict } from "../src/train/evaluate.ts";
import { preparePeers } from "./lib/peers.ts";
import { type Candidate, compareServers, type ServeRow } from "./lib/servers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const example = join(root, "examples/intent");
const peers = fileURLToPath(new URL("peers", import.meta.url));

export async function benchIntent(options: {
  rounds: number;
  seconds: number;
  connections: number;
  only: readonly string[];
}): Promise<{ rows: ServeRow[]; table: string }> {
  const bin = dirname(preparePeers("flask-sklearn"));
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  try {
    const { app, store, model, signature, examples, train } = await prepareExample();
    const texts = join(folder, "texts.jsonl");
    const rows = train.map((row) => ({ text: examples.texts[row], intent: examples.labels[examples.targets[row]!] }));
    writeFileSync(texts, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const gunicorn = (name: string, ...words: string[]): Candidate => ({
      name,
      health: "/health",
      command: (port) => ({
        file: join(bin, "gunicorn"),
        args: [...words, "-b", `127.0.0.1:${port}`, "serve_intent:app"],
        env: { TEXTS: texts },
        cwd: peers,
      }),
    });
    const ours: Candidate = {
      name: "slipway",
      health: "/readyz",
      // The file that ships in the image, as it is started there.
      command: (port) => ({
        file: process.execPath,
        args: [join(root, "dist/server.js")],
        env: { PORT: String(port), SLIPWAY_APP: app, SLIPWAY_STORE: store, SLIPWAY_MODEL: "intent:champion" },
      }),
    };
    const answers = await answerAll(model, signature, examples);
    return await compareServers(
      [ours, gunicorn("gunicorn", "-w", "4"), gunicorn("gunicorn, threads", "-w", "2", "--threads", "8")],
      {
        requests: examples.texts.map(writeRequest),
        isRight: (index, body) => (JSON.parse(body) as { intent: string }).intent === answers[index],
      },
      options,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Trains the example if it is not there yet. `train` are the rows that the champion learned from. */
async function prepareExample() {
  const trained = spawnSync(process.execPath, [join(root, "bin/slipway.js"), "train", example], {
    stdio: ["ignore", 2, 2],
  });
  if (trained.status !== 0)
    throw new Error(`slipway train examples/intent ended with ${trained.status}; its message is above`);
  const { appPath, definition } = await loadProject(example);
  const folder = join(example, ".slipway/store");
  const store = await openStore(folder);
  const artifact = await store.get("intent");
  const model = await store.readModel(artifact);
  const dataset = await openDataset(definition.data!, { root: example });
  const examples = await loadExamples(dataset);
  if (examples.kind !== "text") throw new Error(`examples/intent gives ${examples.kind}s, wanted texts`);
  const { seed, validation } = definition.train!;
  const train = [...splitDataset(dataset, { seed, validation }).train];
  return { app: appPath, store: folder, model, signature: artifact.signature, examples, train };
}

/** The label that the model has for each text: what scikit-learn says as well, having learned from the same. */
async function answerAll(model: Uint8Array, signature: Signature, examples: TextExamples): Promise<string[]> {
  const answers: string[] = [];
  for await (const { probabilities } of predict(model, signature, examples, Int32Array.from(examples.texts.keys()), 1))
    answers.push(examples.labels[probabilities.indexOf(Math.max(...probabilities))]!);
  return answers;
}

function writeRequest(text: string): Uint8Array {
  const body = Buffer.from(JSON.stringify({ text }));
  return postRequest({ host: "127.0.0.1", path: "/predict", contentType: "application/json", body });
}
