/** @file A project that reaches the cluster without `up`: exported, its images pushed as the export says, applied by kubectl; then its own CronJob trains what it serves. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ask, openExample } from "../example.ts";
import type { TestCluster } from "./types.ts";
import { kubectl, useCluster, useNamespace } from "./use.ts";

const patient = { timeout: 150_000, interval: 500 };
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await useCluster();
});

/** Rows come from the project's own code, so that a pod needs no network for them. */
function writeProject(name: string, { registry, registryInside }: TestCluster): string {
  const folder = join(mkdtempSync(join(tmpdir(), "slipway-gitops-")), name);
  mkdirSync(folder);
  const deploy = {
    registry: { push: registry, inside: registryInside },
    expose: "loadBalancer",
    resources: { cpu: "50m", memory: "200Mi" },
    model: { delivery: "registry", every: 1 },
    train: { data: "fetch", schedule: "0 0 1 1 *", resources: { cpu: "100m", memory: "1Gi" } },
  };
  writeFileSync(
    join(folder, "slipway.config.ts"),
    `import { columns, defineProject } from "slipway";
import { rows } from "slipway/data";
import { forest } from "slipway/train";

const load = () => Array.from({ length: 200 }, (_, i) => ({ x: (i % 2) + (i % 7) / 20, label: i % 2 === 0 ? "low" : "high" }));

export default defineProject({
  name: ${JSON.stringify(name)},
  data: rows("cloud", load, { columns: ["x"], target: "label" }),
  train: forest({ trees: 3 }),
  serve: { routes: { "POST /predict": { input: columns(), output: ({ label }) => ({ label }) } } },
  deploy: ${JSON.stringify(deploy)},
});
`,
  );
  return folder;
}

test("from an export to answers, by kubectl alone", async () => {
  await using namespace = await useNamespace(cluster, "gitops");
  const { name } = namespace;
  await using project = openExample(writeProject(name, cluster));
  const write = async (): Promise<string[]> => {
    const words = ["--format", "kustomize", "--output", "base", "--namespace", name];
    const { status, stderr } = await project.run("export", ...words);
    expect(status).toBe(0);
    return [...stderr.matchAll(/: slipway (image push .+)$/gm)].map(([, line]) => line!);
  };
  const told = await write();
  expect(told).toEqual([
    `image push ${cluster.registry}/${name}`,
    `image push ${cluster.registry}/${name}:train --trainer`,
  ]);
  for (const line of told) expect(await project.run(...line.split(" "))).toMatchObject({ status: 0 });
  expect(await write()).toEqual([]);

  const inNamespace = (...words: string[]) => kubectl(cluster, "--namespace", name, ...words);
  await inNamespace("apply", "--kustomize", join(project.folder, "base"));
  await inNamespace("create", "job", "by-hand", `--from=cronjob/${name}-train`);
  await inNamespace("wait", "--for=condition=Complete", "job/by-hand", "--timeout=150s");
  // Its pods could not start while there was nothing to serve.
  await inNamespace("rollout", "status", `deployment/${name}`, "--timeout=150s");
  const address = await inNamespace("get", "service", name, "-o=jsonpath={.status.loadBalancer.ingress[0].ip}");
  await expect
    .poll(() => ask(`http://${address}:5000/predict`, { x: 1.1 }), patient)
    .toMatchObject({ status: 200, body: { label: "high" } });
});
