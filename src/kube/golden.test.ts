/** @file The objects of the five workloads, as files that a change shows in. `vitest -u` writes them anew. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { releases, runs, scheduled, schedules } from "./_fixtures.ts";
import { toHelm } from "./export/helm.ts";
import { toKustomize } from "./export/kustomize.ts";
import { toYaml, toYamlStream } from "./export/yaml.ts";
import { toServerObjects } from "./server.ts";
import { toCronObjects, toTrainingObjects } from "./training.ts";

const folder = "../../test/golden/kube";

test.each(Object.entries(releases))("serving %s", async (name, release) => {
  await expect(toYamlStream(toServerObjects(deepFreeze(release)))).toMatchFileSnapshot(`${folder}/${name}.yaml`);
});

test.each(Object.entries(runs))("training %s", async (name, run) => {
  await expect(toYamlStream(toTrainingObjects(deepFreeze(run)))).toMatchFileSnapshot(`${folder}/train-${name}.yaml`);
});

test.each(Object.entries(schedules))("training %s by a schedule", async (name, run) => {
  await expect(toYamlStream(toCronObjects(deepFreeze(run)))).toMatchFileSnapshot(`${folder}/schedule-${name}.yaml`);
});

test.each(["kustomize", "helm"] as const)("a training by the clock, exported for %s", async (format) => {
  const { market } = deepFreeze(scheduled);
  const files = format === "helm" ? toHelm(market!) : toKustomize(market!);
  const text = [...files].map(([path, content]) => `# ${path}\n${content}`).join("");
  await expect(text).toMatchFileSnapshot(`${folder}/export-market-${format}.txt`);
});

/** Whoever makes objects must not change what they are made from. */
function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

test("the guide shows the Deployment of the digits as it is", () => {
  const objects = toServerObjects(releases["digits"]!);
  const deployment = toYaml(objects.find(({ kind }) => kind === "Deployment")!).replaceAll(/([a-f])\1{63}/g, "…");
  const guide = readFileSync(new URL("../../docs/guides/kubernetes.md", import.meta.url), "utf8");
  expect(/```yaml\n(.*?)```/s.exec(guide)?.[1]).toBe(deployment);
});
