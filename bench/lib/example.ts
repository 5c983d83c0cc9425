/** @file An example of ours in a comparison: trained as its users do, and the server that ships in its image. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore, storeFolder } from "../../src/artifact/store/layout.ts";
import type { Artifact, Store } from "../../src/artifact/types.ts";
import { loadProject } from "../../src/project/load.ts";
import type { Project } from "../../src/project/types.ts";
import type { Candidate } from "./servers.ts";

export interface TrainedExample {
  project: Project;
  store: Store;
  champion: Artifact;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Trains `examples/<name>` if that is not done yet; `words` go to the command. */
export async function trainExample(name: string, ...words: readonly string[]): Promise<TrainedExample> {
  const folder = join(root, "examples", name);
  const { status } = spawnSync(process.execPath, [join(root, "bin/slipway.js"), "train", folder, ...words], {
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error(`slipway train examples/${name} ended with ${status}; its message is above`);
  const store = await openStore(storeFolder(folder));
  return { project: await loadProject(folder), store, champion: await store.get(name) };
}

/** Ours: the file that ships in the image, as it is started there. */
export function serveExample({ project }: TrainedExample): Candidate {
  return {
    name: "slipway",
    health: "/readyz",
    command: (port) => ({
      file: process.execPath,
      args: [join(root, "dist/server.js")],
      env: {
        PORT: String(port),
        SLIPWAY_APP: project.appPath,
        SLIPWAY_STORE: storeFolder(project.root),
        SLIPWAY_MODEL: `${project.definition.name}:champion`,
      },
    }),
  };
}
