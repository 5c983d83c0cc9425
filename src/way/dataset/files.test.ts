import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { csv, jsonl, rows } from "../../data/index.ts";
import { openDataset } from "../../data/open.ts";
import type { RowSource } from "../../data/types.ts";
import { startMemoryRegistry } from "../../oci/fixtures/memory-registry.ts";
import { openRepository } from "../../oci/repository.ts";
import { listDatasetFiles, relocate } from "./files.ts";
import { pullDataset } from "./pull.ts";
import { pushDataset } from "./push.ts";

const home = mkdtempSync(join(tmpdir(), "slipway-files-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const table = { columns: ["x"], target: "label" };
const lines = [1, 2, 3, 4].map((x) => ({ x, label: x > 2 ? "high" : "low" }));
let asked = 0;

test.each<[kind: string, source: RowSource, sample: boolean]>([
  ["JSON lines", jsonl("rows/points.jsonl", table), false],
  ["CSV", csv("points.csv", table), false],
  ["what a loader gave", rows("loaded", load, table), false],
  ["what a loader made up", rows("loaded", load, table), true],
])("%s: the same dataset is read where its files were unpacked, without asking again", async (kind, source, sample) => {
  mkdirSync(join(home, "rows"), { recursive: true });
  writeFileSync(join(home, "rows", "points.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  writeFileSync(join(home, "points.csv"), `x,label\n${lines.map(({ x, label }) => `${x},${label}\n`).join("")}`);
  const dataset = await openDataset(source, { root: home, sample });
  const before = asked;
  const registry = await startMemoryRegistry();
  try {
    const repository = openRepository(`${registry.host}/datasets/${source.kind}`);
    const files = await listDatasetFiles(dataset, home);
    const { digest } = await pushDataset(repository, "points", files!);
    const folder = join(home, `unpacked ${kind}`);
    await pullDataset(repository, digest, folder, { digest: dataset.digest });
    const moved = await openDataset(relocate(source, folder), { root: join(home, "elsewhere") });
    expect(moved.digest).toBe(dataset.digest);
    expect(asked).toBe(before);
  } finally {
    await registry.close();
  }
});

function load() {
  asked++;
  return lines;
}
