import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

const clusterSetup = fileURLToPath(new URL("./test/cluster/setup.ts", import.meta.url));
const listFiles = (...names: string[]) => names.map((name) => `test/cluster/${name}.test.ts`);
/** The one mostly waits for a cluster whose API server was away, the other has a cluster of its own: they may go on side by side, and beside nothing else. */
const waiting = listFiles("api-away", "isolated");
/** They stop parts of the cluster, empty a node, or count what is lost under load: nothing else may use the cluster meanwhile. */
const disturbing = listFiles("cluster", "rollout");

export default defineConfig({
  resolve: {
    alias: [
      { find: /^slipway$/, replacement: source("index.ts") },
      { find: /^slipway\/data$/, replacement: source("data/index.ts") },
      { find: /^slipway\/train$/, replacement: source("train/index.ts") },
    ],
  },
  test: {
    // Native modules (onnxruntime, the image decoder) keep state per process: forks, never threads.
    pool: "forks",
    // Vitest leaves one core alone by default, which on two cores means one file at a time.
    maxWorkers: 2,
    reporters: ["default", fileURLToPath(new URL("./test/reporter.ts", import.meta.url))],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Taking a whole cluster down is part of it.
    teardownTimeout: 120_000,
    // Machines are busy; what is waited for comes when it comes.
    expect: { poll: { timeout: 20_000, interval: 25 } },
    projects: [
      { extends: true, test: { name: "unit", include: ["src/**/*.test.ts", "test/layers/**/*.test.ts"] } },
      { extends: true, test: { name: "web", include: ["web/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts", "examples/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "cluster",
          include: ["test/cluster/**/*.test.ts"],
          exclude: [...waiting, ...disturbing],
          globalSetup: clusterSetup,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          // After all others: what a busy machine cannot do in time would look like a fault of the cluster's.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "cluster-alone",
          include: disturbing,
          globalSetup: clusterSetup,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: "cluster-waiting",
          include: waiting,
          globalSetup: clusterSetup,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          // The last of them: what runs on the cluster takes a minute to look at the API server again.
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
