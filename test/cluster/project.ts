/** @file A small project for tests that deploy: shapes that are drawn, a network that trains in a second, and what a test wants of `deploy`. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeProject } from "../../src/cli/init/make.ts";
import { loadProject } from "../../src/project/load.ts";
import type { Project } from "../../src/project/types.ts";
import { type ClusterUpOptions, type ClusterUpResult, upOnCluster } from "../../src/way/cluster/up.ts";
import type { TestCluster } from "./types.ts";

export interface TestProject extends Disposable {
  folder: string;
  name: string;
  /** An image of the dataset, and its label. */
  image: { path: string; label: string };
  /** Another seed is another model; the code is the same. Gives the project anew. */
  withSeed(seed: number): Promise<Project>;
}

/**
 * `deploy` is the text of an object literal of the project file. The project's name is its own: models of other tests, and of runs before,
 * are in the same registry, and what is there is not trained again.
 */
export function makeTestProject(deploy: string): TestProject {
  const name = `shapes-${randomBytes(4).toString("hex")}`;
  const folder = join(mkdtempSync(join(tmpdir(), "slipway-cluster-")), name);
  makeProject({ folder, template: "image", name });
  const path = join(folder, "slipway.config.ts");
  const text = readFileSync(path, "utf8")
    .replace(/epochs: \d+/, "epochs: 3")
    // A wrong model now and then is no failure of the deployment.
    .replace(/gate: .*\n/, "gate: {},\n")
    .replace(/\}\);\s*$/, `  deploy: ${deploy},\n});\n`);
  writeFileSync(path, text);
  return {
    folder,
    name,
    image: { path: join(folder, "data", "circle", "000.png"), label: "circle" },
    withSeed(seed) {
      writeFileSync(path, text.replace(/seed: \d+/, `seed: ${seed}`));
      return loadProject(folder);
    },
    [Symbol.dispose]: () => rmSync(join(folder, ".."), { recursive: true, force: true }),
  };
}

/** `slipway up --target` of it, without a terminal. */
export function upOn(
  cluster: TestCluster,
  namespace: string,
  project: Project,
  options: Partial<ClusterUpOptions> = {},
): Promise<ClusterUpResult> {
  const { context, kubeconfig } = cluster;
  return upOnCluster(
    project,
    { context, kubeconfig, namespace },
    { report: () => {}, signal: AbortSignal.timeout(220_000), ...options },
  );
}
