/** @file Serving the market example against FastAPI, uvicorn and scikit-learn with its data in memory: the same prices, the same forest, in turns. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore } from "../src/artifact/store/layout.ts";
import { openDataset } from "../src/data/open.ts";
import { loadProject } from "../src/project/load.ts";
import { preparePeers } from "./lib/peers.ts";
import { type Candidate, compareServers, type ServeRow } from "./lib/servers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const example = join(root, "examples/market");
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
    const { app, store, forest, rows } = await prepareExample();
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
    const ours: Candidate = {
      name: "slipway",
      health: "/readyz",
      // The file that ships in the image, as it is started there.
      command: (port) => ({
        file: process.execPath,
        args: [join(root, "dist/server.js")],
        env: { PORT: String(port), SLIPWAY_APP: app, SLIPWAY_STORE: store, SLIPWAY_MODEL: "market:champion" },
      }),
    };
    return await compareServers(
      // The second peer keeps the model's answer between requests, as our example does.
      [ours, uvicorn("fastapi"), uvicorn("fastapi, answer kept", { KEEP: "1" })],
      { requests: thresholds.map(writeRequest), isRight },
      options,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Trains the example on its sample if that is not done yet. `forest` is the one that became the champion. */
async function prepareExample() {
  const trained = spawnSync(process.execPath, [join(root, "bin/slipway.js"), "train", example, "--sample"], {
    stdio: ["ignore", 2, 2],
  });
  if (trained.status !== 0)
    throw new Error(`slipway train examples/market ended with ${trained.status}; its message is above`);
  const { appPath, definition } = await loadProject(example);
  const folder = join(example, ".slipway/store");
  const { lineage } = await (await openStore(folder)).get("market");
  const { experiments, best } = lineage.parameters as {
    experiments: { parameters: { trees: number; depth: number } }[];
    best: number;
  };
  const dataset = await openDataset(definition.data!, { root: example, sample: true });
  if (dataset.kind !== "table") throw new Error(`examples/market gives ${dataset.kind}, wanted a table`);
  const { columns, entries, values } = dataset;
  const rows = entries.map(({ label }, row) => ({
    ...Object.fromEntries(columns.map((column, at) => [column, values[row * columns.length + at]])),
    direction: label,
  }));
  return { app: appPath, store: folder, forest: experiments[best]!.parameters, rows };
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
