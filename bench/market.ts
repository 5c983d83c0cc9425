/** @file Serving the market example against FastAPI, uvicorn and scikit-learn with its data in memory: the same prices, the same forest, in turns. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDataset } from "../src/data/open.ts";
import { serveExample, trainExample, type TrainedExample } from "./lib/example.ts";
import { preparePeers } from "./lib/peers.ts";
import { type Candidate, compareServers, type ServeRow } from "./lib/servers.ts";

const peers = fileURLToPath(new URL("peers", import.meta.url));
/** As callers ask: with a threshold of their own. */
const thresholds = Array.from({ length: 101 }, (_, index) => index / 100);

export async function benchMarket(options: {
  rounds: number;
  seconds: number;
  connections: number;
  only: readonly string[];
}): Promise<{ rows: ServeRow[]; table: string }> {
  const bin = dirname(preparePeers("fastapi-sklearn"));
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  try {
    const example = await trainExample("market", "--sample");
    const forest = findForest(example);
    const rows = await readRows(example);
    const path = join(folder, "rows.jsonl");
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const uvicorn = (name: string, env: Record<string, string> = {}): Candidate => ({
      name,
      health: "/health",
      command: (port) => ({
        file: join(bin, "uvicorn"),
        args: ["serve_market:app", "--workers", "2", "--port", String(port), "--log-level", "warning"],
        env: { ROWS: path, TREES: String(forest.trees), DEPTH: String(forest.depth), ...env },
        cwd: peers,
      }),
    });
    return await compareServers(
      // The second peer keeps the model's answer between requests, as our example does.
      [serveExample(example), uvicorn("fastapi"), uvicorn("fastapi, answer kept", { KEEP: "1" })],
      { requests: thresholds.map(writeRequest), isRight },
      options,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The one that became the champion. */
function findForest({ champion }: TrainedExample): { trees: number; depth: number } {
  const { experiments, best } = champion.lineage.parameters as {
    experiments: { parameters: { trees: number; depth: number } }[];
    best: number;
  };
  return experiments[best]!.parameters;
}

async function readRows({ project: { definition, root } }: TrainedExample): Promise<object[]> {
  const dataset = await openDataset(definition.data!, { root, sample: true });
  if (dataset.kind !== "table") throw new Error(`examples/market gives ${dataset.kind}, wanted a table`);
  const { columns, entries, values } = dataset;
  return entries.map(({ label }, row) => ({
    ...Object.fromEntries(columns.map((column, at) => [column, values[row * columns.length + at]])),
    direction: label,
  }));
}

/** Two forests are of one mind only roughly: an answer is right that is true to its own confidence. */
function isRight(index: number, body: string): boolean {
  const { prediction, confidence, threshold } = JSON.parse(body) as Record<string, unknown>;
  const probable = Number(confidence) > 0.3 && Number(confidence) < 0.7;
  return (
    probable && threshold === thresholds[index] && (prediction === "UP") === Number(confidence) >= Number(threshold)
  );
}

function writeRequest(threshold: number): Uint8Array {
  const path = `/predictionForTomorrow?threshold=${threshold}`;
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n`);
}
