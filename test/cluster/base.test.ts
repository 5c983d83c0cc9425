/** @file `up --base`: both images of a project stand on the one that is named. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildGround } from "../../src/image/build.ts";
import { openLayerCache } from "../../src/image/cache/layers.ts";
import { cacheFolder } from "../../src/image/cache/folder.ts";
import { pushImage } from "../../src/image/destinations/registry.ts";
import { appendLayer, emptyImage } from "../../src/image/image.ts";
import { textEntry } from "../../src/image/tar/entry.ts";
import { getManifest } from "../../src/oci/manifests.ts";
import { openImage, openRepository } from "../../src/oci/repository.ts";
import { platform } from "./images.ts";
import { openExample } from "../example.ts";
import { makeTestProject, type TestProject } from "./project.ts";
import type { TestCluster } from "./types.ts";
import { kubectl, useCluster, useNamespace } from "./use.ts";

let cluster: TestCluster;
let project: TestProject;
beforeAll(async () => {
  cluster = await useCluster();
  project = makeTestProject(
    `{ resources: { cpu: "100m", memory: "200Mi" }, train: { resources: { cpu: "100m", memory: "1Gi" } } }`,
  );
});
afterAll(() => (project as TestProject | undefined)?.[Symbol.dispose]());

/** What our images stand on usually, and a file that tells it from that. */
async function pushBase(): Promise<string> {
  const ground = await buildGround(platform, { base: "host" });
  const mark = await openLayerCache(cacheFolder()).gzipLayer("mark", [textEntry("etc/base-of-ours", project.name)]);
  const image = appendLayer(appendLayer(emptyImage(platform), ground.layers[0]!), mark);
  const name = `${cluster.registry}/test/base`;
  const { root } = await pushImage(openRepository(name), image, { tags: [project.name] });
  return `${name}@${root.digest}`;
}

async function layersOf(reference: string): Promise<string[]> {
  const { repository, reference: digest } = openImage(reference);
  const { bytes } = (await getManifest(repository, digest))!;
  return (JSON.parse(Buffer.from(bytes).toString()) as { layers: { digest: string }[] }).layers.map(
    (one) => one.digest,
  );
}

test("the image that trains and the one that serves have its layers lowest, and run", async () => {
  await using namespace = await useNamespace(cluster, "base");
  const base = await pushBase();
  const example = openExample(project.folder);
  const words = ["--target", cluster.context, "--kubeconfig", cluster.kubeconfig, "--namespace", namespace.name];
  const { steps } = await example.up(...words, "--registry", cluster.registry, "--base", base);
  expect(steps.at(-1)).toMatchObject({ step: "verify", outcome: "done" });

  const get = (kind: string) => ["get", kind, "--output=jsonpath={.items[0].spec.template.spec.containers[0].image}"];
  const inNamespace = (...args: string[]) => kubectl(cluster, "--namespace", namespace.name, ...args);
  const [lowest, serves, trains] = await Promise.all([
    layersOf(base),
    layersOf(await inNamespace(...get("deployments"))),
    layersOf(await inNamespace(...get("jobs"))),
  ]);
  expect(lowest).toHaveLength(2);
  expect(serves.slice(0, lowest.length)).toEqual(lowest);
  expect(trains.slice(0, lowest.length)).toEqual(lowest);
  expect(trains).not.toEqual(serves);

  // The same base again changes nothing; the usual one would be another image.
  const plan = async (...more: string[]) =>
    (await example.run("diff", ...words, "--registry", cluster.registry, ...more)).stdout;
  expect(await plan("--base", base)).toContain("nothing would change");
  expect(await plan()).toMatch(/Deployment .*\n.*image/);
});
