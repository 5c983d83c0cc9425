/** @file What the browser tests look at: the real server with a model that was really trained, and the page as it is built. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore } from "../../../src/artifact/store/layout.ts";
import type { Artifact, Store } from "../../../src/artifact/types.ts";
import { digestOf } from "../../../src/base/digest.ts";
import { silent } from "../../../src/base/progress.ts";
import { countLabels } from "../../../src/data/labels.ts";
import { loadExamples, openDataset } from "../../../src/data/open.ts";
import { splitDataset } from "../../../src/data/split.ts";
import type { CocoSource, ImageFolderSource } from "../../../src/data/types.ts";
import { createServer, type Server } from "../../../src/serve/server.ts";
import type { ServedProject } from "../../../src/serve/service.ts";
import { runTrainer } from "../../../src/train/run.ts";
import type { DetectorTrainer, SequentialTrainer } from "../../../src/train/types.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface Subject {
  project: ServedProject;
  /** The folder that the source's path is relative to. */
  folder: string;
  source: ImageFolderSource | CocoSource;
  trainer: SequentialTrainer | DetectorTrainer;
}

export interface Site {
  artifact: Artifact;
  store: Store;
  /** Starts the server on a free port, or on one that was used before. */
  open(options?: { port?: number }): Promise<Server>;
  /** Removes what was trained. */
  remove(): Promise<void>;
}

/** Builds the page, trains, and stores the model as the champion. */
export async function createSite(subject: Subject): Promise<Site> {
  buildPage();
  const folder = await mkdtemp(join(tmpdir(), "slipway-web-"));
  const store = await openStore(join(folder, "store"));
  const artifact = await train(subject, store, folder);
  await store.setAlias(artifact.name, "champion", artifact.digest);
  return {
    artifact,
    store,
    open: (options) => createServer({ project: subject.project, source: store, port: 0, threads: 1, ...options }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** One of the real digits. */
export function digitFile(label: number, name: string): string {
  return join(root, "examples/digits/data", String(label), name);
}

async function train(
  { project, folder, source, trainer }: Subject,
  store: Store,
  workspace: string,
): Promise<Artifact> {
  const dataset = await openDataset(source, { root: folder });
  const started = new Date();
  const trained = await runTrainer(trainer, {
    examples: await loadExamples(dataset),
    split: splitDataset(dataset, { validation: trainer.validation, seed: trainer.seed }),
    folder: dataset.folder,
    paths: dataset.entries.map(({ path }) => path),
    root: folder,
    workspace,
    resume: false,
    report: silent,
    signal: new AbortController().signal,
  });
  const { model, signature, metrics, history, parameters, seed } = trained;
  const { digest, entries } = dataset;
  return store.put({
    name: project.name,
    model,
    signature,
    lineage: {
      inputs: digestOf(digest),
      dataset: { digest, count: entries.length, labels: countLabels(dataset) },
      code: digestOf("a project"),
      trainer: trainer.kind,
      parameters,
      seed,
      metrics,
      history,
      versions: { node: process.versions.node },
      startedAt: started.toISOString(),
      durationSeconds: (Date.now() - started.getTime()) / 1000,
    },
  });
}

/** The page of the present source, whatever was built before. `mode`: another than the playground. */
export function buildPage(mode?: "console"): void {
  const which = mode === undefined ? [] : ["--mode", mode];
  const vite = ["node_modules/vite/bin/vite.js", "build", "-c", "web/vite.config.ts", "--logLevel", "warn", ...which];
  // The page that is built here stays: it is the one that users get, not a build for tests.
  const env = { ...process.env, NODE_ENV: "production" };
  execFileSync(process.execPath, vite, { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
}
