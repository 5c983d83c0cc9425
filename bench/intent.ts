/** @file Serving the intent example against Flask, gunicorn and scikit-learn: the same texts learned, the same texts asked, in turns. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadExamples } from "../src/data/load.ts";
import { openDataset } from "../src/data/open.ts";
import { splitDataset } from "../src/data/split.ts";
import type { TextExamples } from "../src/data/types.ts";
import { postRequest } from "../src/testing/load.ts";
import { predict } from "../src/train/evaluate.ts";
import { serveExample, trainExample, type TrainedExample } from "./lib/example.ts";
import { preparePeers } from "./lib/peers.ts";
import { type Candidate, compareServers, type ServeRow } from "./lib/servers.ts";

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
    const example = await trainExample("intent");
    const { examples, train } = await readExamples(example);
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
    const answers = await answerAll(example, examples);
    return await compareServers(
      [
        serveExample(example),
        gunicorn("gunicorn", "-w", "4"),
        gunicorn("gunicorn, threads", "-w", "2", "--threads", "8"),
      ],
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

/** `train` are the rows that the champion learned from. */
async function readExamples({ project: { definition, root } }: TrainedExample) {
  const dataset = await openDataset(definition.data!, { root });
  const examples = await loadExamples(dataset);
  if (examples.kind !== "text") throw new Error(`examples/intent gives ${examples.kind}s, wanted texts`);
  const { seed, validation } = definition.train!;
  const train = [...splitDataset(dataset, { seed, validation }).train];
  return { examples, train };
}

/** The label that the model has for each text: what scikit-learn says as well, having learned from the same. */
async function answerAll({ store, champion }: TrainedExample, examples: TextExamples): Promise<string[]> {
  const model = await store.readModel(champion);
  const rows = Int32Array.from(examples.texts.keys());
  const answers: string[] = [];
  for await (const { probabilities } of predict(model, champion.signature, examples, rows, 1))
    answers.push(examples.labels[probabilities.indexOf(Math.max(...probabilities))]!);
  return answers;
}

function writeRequest(text: string): Uint8Array {
  const body = Buffer.from(JSON.stringify({ text }));
  return postRequest({ host: "127.0.0.1", path: "/predict", contentType: "application/json", body });
}
