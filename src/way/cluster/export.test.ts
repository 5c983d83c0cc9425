import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openStore, storeFolder } from "../../artifact/store/layout.ts";
import { openRegistryStore } from "../../artifact/store/registry.ts";
import type { Artifact, Store } from "../../artifact/types.ts";
import { digestOf, hexOf, type Digest } from "../../base/digest.ts";
import { csv } from "../../data/index.ts";
import { toDescribed } from "../../image/build.ts";
import { pushImage } from "../../image/destinations/registry.ts";
import { annotate, emptyImage } from "../../image/image.ts";
import { printImage } from "../../image/manifest.ts";
import { describe } from "../../image/settings.ts";
import type { Image } from "../../image/types.ts";
import { toExportObjects } from "../../kube/export/objects.ts";
import { startMemoryRegistry } from "../../oci/fixtures/memory-registry.ts";
import { openRepository } from "../../oci/repository.ts";
import type { DeployDefinition } from "../../project/deploy.ts";
import type { Project } from "../../project/types.ts";
import { forest } from "../../train/index.ts";
import { exportNeedsRegistry, registryNotInside } from "../errors.ts";
import { describeExport, type ExportChoice, type ExportedKind } from "./export.ts";

const digest = digestOf("an image");
const named = { server: `a.example.com/clock@${digest}`, trainer: "a.example.com/clock-trainer:v1" };
const onVolume: DeployDefinition = {
  model: { delivery: "volume" },
  train: { data: "fetch", schedule: "*/5 * * * *", volume: {} },
};

function makeProject(deploy: DeployDefinition, trained = true): Project {
  const root = mkdtempSync(join(tmpdir(), "slipway-export-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const training = {
    data: csv("rows.csv", { columns: ["x"], target: "sign" }),
    train: forest({ trees: 10, depth: 3 }),
  };
  const definition = { name: "clock", deploy, ...(trained && training) } as Project["definition"];
  const path = join(root, "slipway.config.ts");
  return { root, configPath: path, definition, codeDigest: digestOf("code"), appPath: path };
}

/** An image that says what it holds, as `project`'s do. */
function makeImage(project: Project, model?: Artifact): Image {
  return annotate(
    emptyImage({ os: "linux", architecture: "amd64" }),
    describe({ ...toDescribed(project, undefined), model }),
  );
}

async function run(project: Project, choice: Partial<ExportChoice>) {
  const made: [ExportedKind, Pick<Store, "pack">][] = [];
  const exported = await describeExport(project, {
    images: {},
    reuse: true,
    signal: new AbortController().signal,
    make: async (kind, store) => {
      made.push([kind, store]);
      return annotate(makeImage(project), { "made.here": kind });
    },
    ...choice,
  });
  return { ...exported, made };
}

function putModel(store: Store): Promise<Artifact> {
  return store.put({
    name: "clock",
    model: new TextEncoder().encode("model"),
    signature: {
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 1] }],
      outputs: [{ name: "probabilities", datatype: "FP32", shape: [-1, 2] }],
    },
    lineage: {
      inputs: digestOf("inputs"),
      dataset: { digest: digestOf("data"), count: 4, labels: { a: 2, b: 2 } },
      code: digestOf("code"),
      trainer: "forest",
      parameters: {},
      seed: 1,
      metrics: { accuracy: 1 },
      history: [],
      versions: {},
      startedAt: "2026-01-01T00:00:00Z",
      durationSeconds: 1,
    },
  });
}

async function startRegistry(): Promise<string> {
  const registry = await startMemoryRegistry();
  onTestFinished(() => registry.close());
  return registry.host;
}

test("a training by the clock on a volume needs two images' names, and neither a registry nor a model", async () => {
  const { release, run: training, push, made } = await run(makeProject(onVolume), { images: named });
  expect([push, made]).toEqual([[], []]);
  expect(release.image).toEqual({ reference: named.server, pull: "IfNotPresent" });
  expect(training).toMatchObject({
    image: { reference: named.trainer, pull: "Always" },
    store: { path: "/volume/store" },
    env: { SLIPWAY_PROMOTE: "1", SLIPWAY_STORE: "/volume/store", SLIPWAY_WORK: "/volume/work" },
  });
  expect(toExportObjects({ release, run: training }).map(({ kind }) => kind)).toContain("CronJob");
});

test("what is not named is asked for", async () => {
  const failing = { code: exportNeedsRegistry.code };
  await expect(run(makeProject(onVolume), {})).rejects.toMatchObject({
    ...failing,
    message: "nobody said where nodes find the image that serves clock",
  });
  await expect(run(makeProject(onVolume), { images: { server: named.server } })).rejects.toMatchObject({
    ...failing,
    mend: expect.stringContaining("--trainer-image registry.example.com/clock-trainer@sha256:…") as string,
  });
  const followed: DeployDefinition = { model: { delivery: "registry" } };
  await expect(run(makeProject(followed), { images: named })).rejects.toMatchObject({
    ...failing,
    message: "nobody said where pods of clock find the models that they follow",
  });
  // A pod's localhost is the pod.
  const local = { images: named, registry: "localhost:5001" };
  await expect(run(makeProject(followed), local)).rejects.toMatchObject({ code: registryNotInside.code });
});

test("images that up has pushed are taken as they are; others are made, and told to be pushed until they are there", async () => {
  const registry = await startRegistry();
  const project = makeProject({ ...onVolume, registry });
  const repository = openRepository(`${registry}/clock`);
  const code = hexOf(project.codeDigest, 12);
  const put = (image: Image, tag: string) => pushImage(repository, image, { tags: [tag] });
  await put(makeImage(project), `train-${code}`);
  // The same tag of another version of ours.
  await put(annotate(makeImage(project), { "dev.slipway.version": "0.0.0" }), `serve-${code}`);
  const referTo = (of: Digest): string => `${registry}/clock@${of}`;

  const first = await run(project, {});
  expect(first.run?.image.reference).toBe(referTo(printImage(makeImage(project)).manifest.descriptor.digest));
  expect(first.made.map(([kind]) => kind)).toEqual(["server"]);
  expect(first.push).toEqual([{ kind: "server", repository: `${registry}/clock` }]);

  const built = annotate(makeImage(project), { "made.here": "server" });
  await put(built, "latest");
  const second = await run(project, {});
  expect(second.push).toEqual([]);
  expect(second.release.image.reference).toBe(referTo(printImage(built).manifest.descriptor.digest));

  const anew = await run(project, { reuse: false });
  expect(anew.made.map(([kind]) => kind)).toEqual(["server", "trainer"]);
  expect(anew.push).toEqual([{ kind: "trainer", repository: `${registry}/clock` }]);
});

test("a model that a cluster trained is found in the registry, and has to be pulled before its image can be pushed", async () => {
  const registry = await startRegistry();
  const project = makeProject({ registry });
  await expect(run(project, {})).rejects.toThrow(`in ${storeFolder(project.root)}`);
  const shared = openRegistryStore(`${registry}/models`);
  const model = await putModel(shared);
  await shared.setAlias("clock", "champion", model.digest);
  const there = await run(project, {});
  const reference = `clock@${model.digest}`;
  expect(there.release.model).toEqual({ name: "clock", digest: model.digest });
  expect(there.push).toEqual([
    { kind: "server", repository: `${registry}/clock`, model: { prefix: `${registry}/models`, reference } },
  ]);
  expect((await there.made[0]![1].pack(reference)).artifact.digest).toBe(model.digest);

  // Its image is there under the tag that up gives, with that model: nothing is made.
  const image = makeImage(project, model);
  const tags = [`serve-${hexOf(model.digest, 12)}`];
  await pushImage(openRepository(`${registry}/clock`), image, { tags });
  const pushed = await run(project, {});
  expect([pushed.made, pushed.push]).toEqual([[], []]);
  expect(pushed.release.image.reference).toContain(printImage(image).manifest.descriptor.digest);

  // In the project's own store it goes before.
  const own = await openStore(storeFolder(project.root));
  await own.setAlias("clock", "champion", (await putModel(own)).digest);
  expect((await run(project, { reuse: false })).push).toEqual([{ kind: "server", repository: `${registry}/clock` }]);
});

test("a registry that is away holds nobody up: the images are made, and have to be pushed", async () => {
  const project = makeProject({ registry: "localhost:1" }, false);
  expect((await run(project, {})).push).toEqual([{ kind: "server", repository: "localhost:1/clock" }]);
});
