/** @file Experiments on a cluster: an Indexed Job, one pod each, and the best of them as the champion. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore, storeFolder } from "../../src/artifact/store/layout.ts";
import { openRegistryStore } from "../../src/artifact/store/registry.ts";
import type { ProgressEvent } from "../../src/base/progress.ts";
import { loadProject } from "../../src/project/load.ts";
import { parseJobEvent } from "../../src/way/job/events.ts";
import { train } from "../../src/way/up.ts";
import { upOn } from "./project.ts";
import type { TestCluster } from "./types.ts";
import { kubectl, kubectlJson, useCluster, useNamespace } from "./use.ts";

const home = mkdtempSync(join(tmpdir(), "slipway-experiments-"));
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await useCluster();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const three = `forest({ trees: 2, depth: 1 }), forest({ trees: 20, depth: 5 }), forest({ trees: 5, depth: 2 })`;

test("all at once, each in its pod; the best is the champion, as it would be here; the second time nothing is trained", async () => {
  await using namespace = await useNamespace(cluster, "experiments");
  const folder = makeProject(namespace.name, three);
  const told = new Set<string>();
  const report = ({ label }: ProgressEvent): void => {
    const index = /^experiment (\d) of 3 · /.exec(label)?.[1];
    if (index !== undefined) told.add(index);
  };
  const { trained, steps } = await upOn(cluster, namespace.name, await loadProject(folder), { report });
  expect(steps.at(-1)).toMatchObject({ step: "verify", outcome: "done" });
  expect(await readJobs(namespace.name)).toMatchObject([
    { spec: { completionMode: "Indexed", completions: 3, parallelism: 3 }, status: { completedIndexes: "0-2" } },
  ]);
  expect([...told].toSorted()).toEqual(["1", "2", "3"]);

  const store = openRegistryStore(`${cluster.registry}/models`);
  const champion = await store.get(namespace.name);
  expect(champion.digest).toBe(trained?.digest);
  const all = await store.list(namespace.name);
  const places = all.map(({ lineage }) => lineage.parameters["experiment"]).filter((one) => one !== undefined);
  expect(new Set(places)).toEqual(new Set([0, 1, 2].map((index) => ({ index, of: 3 }))));
  expect(all).toHaveLength(4);
  expect(all.flatMap(({ aliases }) => aliases)).toContain("champion");
  expect(await store.history(namespace.name)).toHaveLength(1);

  const here = makeProject(`${namespace.name}-here`, three, namespace.name);
  const { artifact } = await train(await loadProject(here), quiet());
  const { metrics, parameters, inputs, seed, trainer } = artifact.lineage;
  expect(champion.lineage).toMatchObject({ metrics, parameters, inputs, seed, trainer });
  expect(champion.model).toEqual(artifact.model);
  expect((await (await openStore(storeFolder(here))).get(namespace.name)).digest).toBe(artifact.digest);

  const again = await upOn(cluster, namespace.name, await loadProject(folder));
  expect(again.steps.find(({ step }) => step === "train")).toMatchObject({ outcome: "kept" });
  expect(again.trained?.digest).toBe(champion.digest);
  expect(await store.history(namespace.name)).toHaveLength(1);
});

test("one that cannot be trained is told; the best of the others reigns, and the next time it is tried again", async () => {
  await using namespace = await useNamespace(cluster, "experiment-fails");
  // Of words there are none.
  const folder = makeProject(
    namespace.name,
    `forest({ trees: 2, depth: 1 }), naiveBayes(), forest({ trees: 20, depth: 5 })`,
  );
  const { trained, steps } = await upOn(cluster, namespace.name, await loadProject(folder));
  const warning = {
    message: expect.stringContaining("experiment 2 of 3 failed: naiveBayes() trains on texts") as string,
  };
  expect(steps.find(({ step }) => step === "train")?.facts["warnings"]).toEqual([warning]);
  expect(trained?.artifact.lineage.parameters).toMatchObject({
    experiments: [{}, { trainer: "naiveBayes" }, {}],
    best: 2,
  });
  const [job] = await readJobs(namespace.name);
  expect(job).toMatchObject({ status: { completedIndexes: "0,2", failedIndexes: "1" } });

  const again = await upOn(cluster, namespace.name, await loadProject(folder));
  expect(again.trained?.digest).toBe(trained?.digest);
  expect((await readJobs(namespace.name))[0]?.metadata.uid).not.toBe(job?.metadata.uid);
  const history = await openRegistryStore(`${cluster.registry}/models`).history(namespace.name);
  expect(history).toHaveLength(1);
});

test("by the clock, without anybody to watch: one pod fetches for all, the last to end judges, and the server follows", async () => {
  await using namespace = await useNamespace(cluster, "experiment-clock");
  const { name } = namespace;
  const folder = makeProject(name, three);
  const path = join(folder, "slipway.config.ts");
  const text = readFileSync(path, "utf8")
    .replace("{ csv }", "{ rows }")
    .replace('csv("points.csv", {', 'rows("points", load, { maxAge: 0,')
    .replace(
      "export default",
      `const load = () => Array.from({ length: 200 }, (_, i) => ({ x: Math.random() + (i % 2), y: i, label: i % 2 === 0 ? "low" : "high" }));\n\nexport default`,
    )
    .replace("deploy: {", `deploy: { expose: "loadBalancer", model: { delivery: "volume", every: 1 },`)
    .replace(
      "train: { resources",
      `train: { data: "fetch", schedule: "0 0 1 1 *", volume: { size: "100Mi" }, resources`,
    );
  writeFileSync(path, text);
  const { trained, endpoints } = await upOn(cluster, name, await loadProject(folder));
  const url = endpoints[0]?.url ?? "";
  const served = async () => (await fetch(`${url}/readyz`)).headers.get("x-model-digest");
  expect(await served()).toBe(trained?.digest);

  await kubectl(cluster, "create", "job", "by-hand", `--from=cronjob/${name}-train`, "-n", name);
  await kubectl(cluster, "wait", "job/by-hand", "--for=condition=complete", "--timeout=150s", "-n", name);
  const jobs = await readJobs(name);
  expect(jobs).toMatchObject(jobs.map(() => ({ spec: { completions: 3 }, status: { completedIndexes: "0-2" } })));
  expect(jobs).toHaveLength(2);
  const at = ["--selector=batch.kubernetes.io/job-name=by-hand", "--tail=-1", "-n", name];
  const events = (await kubectl(cluster, "logs", ...at)).split("\n").flatMap((line) => parseJobEvent(line) ?? []);
  const results = events.filter((event) => event.type === "result");
  const { digest, artifact } = results[0]!;
  expect(new Set(results.map((result) => result.digest))).toEqual(new Set([digest]));
  expect(artifact.lineage.parameters["experiments"]).toHaveLength(3);
  // All three saw the same rows, though the loader never gives the same.
  const fetched = events.filter((event) => event.type === "step" && event.step === "data");
  expect(new Set(fetched.map((event) => event.type === "step" && event.facts["digest"])).size).toBe(1);
  expect(fetched).toHaveLength(3);
  await expect.poll(served, { timeout: 60_000, interval: 500 }).toBe(digest);
  expect(digest).not.toBe(trained?.digest);
});

interface JobObject {
  metadata: { uid: string };
}

async function readJobs(namespace: string): Promise<JobObject[]> {
  return (await kubectlJson<{ items: JobObject[] }>(cluster, "get", "jobs", "-n", namespace)).items;
}

function quiet() {
  return { report: () => {}, signal: AbortSignal.timeout(100_000) };
}

/** Points that are easier to tell apart with deeper trees. */
function makeProject(folderName: string, trainers: string, name = folderName): string {
  const folder = mkdtempSync(join(home, folderName));
  const rows = Array.from(
    { length: 300 },
    (_, i) => `${i % 17},${i % 13},${(i % 17) * (i % 13) > 40 ? "high" : "low"}`,
  );
  writeFileSync(join(folder, "points.csv"), `x,y,label\n${rows.join("\n")}\n`);
  writeFileSync(
    join(folder, "slipway.config.ts"),
    `import { defineProject } from "slipway";
import { csv } from "slipway/data";
import { experiments, forest, naiveBayes } from "slipway/train";

export default defineProject({
  name: ${JSON.stringify(name)},
  data: csv("points.csv", { columns: ["x", "y"], target: "label" }),
  train: experiments([${trainers}]),
  deploy: { resources: { cpu: "50m", memory: "200Mi" }, train: { resources: { cpu: "50m", memory: "512Mi" } } },
});
`,
  );
  return folder;
}
