import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Store } from "../../../src/artifact/types.ts";
import { buildImage, type BuildOptions } from "../../../src/image/build.ts";
import type { Image } from "../../../src/image/types.ts";
import { loadProject } from "../../../src/project/load.ts";
import type { Project } from "../../../src/project/types.ts";
import { createStore, putTurnedModel } from "../../../src/serve/_fixture.ts";

/** This machine's own platform, for which `--base host` needs nothing else. */
export const here = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" } as const;

const config = `
import { defineProject, image } from "slipway";
import { imageFolder } from "slipway/data";
import { command } from "slipway/train";

export default defineProject({
  name: "digits",
  data: imageFolder("data", { size: [28, 28], channels: 1 }),
  train: command({ command: ["node", "train.mjs"] }),
  serve: { routes: { "POST /predict": { input: { file: image() }, output: ({ label }) => ({ prediction: Number(label) }) } } },
});
`;

export interface Workshop {
  folder: string;
  project: Project;
  store: Store;
  /** Stores a model that answers `(place + turn) % 10`, and builds the image that serves it. */
  build: (turn: number, options?: Partial<BuildOptions>) => Promise<Image>;
}

/** A project with a store, in a folder that goes when the test ends. The cache is the machine's own unless named. */
export async function openWorkshop(): Promise<Workshop> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-e2e-image-"));
  const root = join(folder, "project");
  await mkdir(root);
  await writeFile(join(root, "slipway.config.ts"), config);
  const { store, remove } = await createStore();
  onTestFinished(async () => {
    await rm(folder, { recursive: true, force: true });
    await remove();
  });
  const project = await loadProject(root);
  return {
    folder,
    project,
    store,
    build: async (turn, options = {}) => {
      const { name, digest } = await putTurnedModel(store, turn);
      const model = await store.pack(`${name}@${digest}`);
      return buildImage(here, { project, model, base: "host", ...options });
    },
  };
}
