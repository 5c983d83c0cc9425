import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { startMemoryRegistry } from "../../oci/fixtures/memory-registry.ts";
import { openRepository } from "../../oci/repository.ts";
import type { RegistryOptions } from "../../oci/registry.ts";
import { listTags } from "../../oci/tags.ts";
import { fromBaseImage } from "../base-image.ts";
import { openLayerCache } from "../cache/layers.ts";
import { baseUnfit, cacheDamaged } from "../errors.ts";
import { readWhole, sampleEntries } from "../fixtures/entries.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import { appendLayer, emptyImage } from "../image.ts";
import { storedLayer } from "../layer.ts";
import { printImage, printIndex } from "../manifest.ts";
import { openRegistryBase } from "../registry-base.ts";
import { textEntry } from "../tar/entry.ts";
import type { Image } from "../types.ts";
import { pushImage } from "./registry.ts";

const client: RegistryOptions = { environment: { HOME: "/nowhere" }, retry: { firstMs: 1, attempts: 2 } };
const amd64 = { os: "linux", architecture: "amd64" } as const;

async function start() {
  const registry = await startMemoryRegistry();
  onTestFinished(() => registry.close());
  const open = (name: string) => openRepository(`${registry.host}/${name}`, client);
  return { registry, open };
}

async function sampleImage(weights: string, architecture: "amd64" | "arm64" = "amd64"): Promise<Image> {
  const base = await openLayerCache(await scratchFolder()).gzipLayer("base", sampleEntries());
  const image = appendLayer(emptyImage({ os: "linux", architecture }), base);
  return appendLayer(image, await storedLayer("model", [textEntry("app/model", weights)]));
}

test("a push sends what is missing, and a new model alone the second time", async () => {
  const { open } = await start();
  const first = await sampleImage("one");
  const pushed = await pushImage(open("digits"), first, { tags: ["v1", "latest"] });
  expect(pushed.layers.map(({ name, pushed: how }) => [name, how])).toEqual([
    ["base", "uploaded"],
    ["model", "uploaded"],
  ]);
  expect(pushed.root).toEqual(printImage(first).manifest.descriptor);
  const again = await pushImage(open("digits"), await sampleImage("two"), { tags: ["v2"] });
  expect(again.layers.map(({ pushed: how }) => how)).toEqual(["existed", "uploaded"]);
  expect(await listTags(open("digits"))).toEqual(["latest", "v1", "v2"]);
});

test("an index goes last, after the images that it names", async () => {
  const { registry, open } = await start();
  const index = { images: [await sampleImage("one"), await sampleImage("one", "arm64")], annotations: {} };
  expect((await pushImage(open("digits"), index, { tags: ["v1"] })).root).toEqual(printIndex(index).descriptor);
  const puts = registry.requests.filter((line) => line.startsWith("PUT") && line.includes("/manifests/"));
  expect(puts.map((line) => line.split("/manifests/")[1])).toEqual([
    ...index.images.map((image) => printImage(image).manifest.descriptor.digest),
    "v1",
  ]);
});

test("a base is taken by digest: mounted within a registry, unread until another one needs it, then kept", async () => {
  const { registry, open } = await start();
  const cache = await scratchFolder();
  const ground = { images: [await sampleImage("base"), await sampleImage("base", "arm64")], annotations: {} };
  await pushImage(open("team/base"), ground, { tags: ["1"] });
  const text = `${registry.host}/team/base:1`;
  const base = fromBaseImage(await openRegistryBase(text, { cache, registry: client })(amd64), amd64);
  expect(base.annotations["org.opencontainers.image.base.digest"]).toBe(
    printImage(ground.images[0]!).manifest.descriptor.digest,
  );
  const image = appendLayer(base, await storedLayer("model", [textEntry("app/m", "x")]));
  expect((await pushImage(open("digits"), image)).layers.map(({ pushed }) => pushed)).toEqual([
    "mounted",
    "mounted",
    "uploaded",
  ]);
  expect(registry.requests.filter((line) => /^GET .*team\/base\/blobs/.test(line)).length).toBe(1);

  const other = await start();
  const elsewhere = await pushImage(other.open("digits"), image);
  expect(elsewhere.layers.map(({ pushed }) => pushed)).toEqual(["uploaded", "uploaded", "uploaded"]);
  for (const { descriptor, content } of image.layers)
    expect(digestOf(await readWhole(content))).toBe(descriptor.digest);
});

test("with a digest and a warm cache, nothing is asked of the registry", async () => {
  const { registry, open } = await start();
  const cache = await scratchFolder();
  const { root } = await pushImage(open("base"), await sampleImage("base"));
  const get = () => openRegistryBase(`${registry.host}/base@${root.digest}`, { cache, registry: client })(amd64);
  const first = await get();
  const asked = registry.requests.length;
  expect({ ...(await get()), open: undefined }).toEqual({ ...first, open: undefined });
  expect(registry.requests.length).toBe(asked);
});

test("a kept layer that the disk damaged is found out, and fetched anew", async () => {
  const { registry, open } = await start();
  const cache = await scratchFolder();
  const { root } = await pushImage(open("base"), await sampleImage("base"));
  const base = await openRegistryBase(`${registry.host}/base@${root.digest}`, { cache, registry: client })(amd64);
  const [layer] = base.layers;
  const whole = await readWhole(base.open(layer!));
  const file = join(cache, "blobs", layer!.digest.slice(7));
  await writeFile(file, Buffer.alloc(whole.length));
  await expect(readWhole(base.open(layer!))).rejects.toMatchObject({ code: cacheDamaged.code });
  expect((await readWhole(base.open(layer!))).equals(whole)).toBe(true);
});

test("a base for other platforms, and one that is not there, are named", async () => {
  const { registry, open } = await start();
  const cache = await scratchFolder();
  await pushImage(open("base"), { images: [await sampleImage("base", "arm64")], annotations: {} }, { tags: ["1"] });
  const base = `${registry.host}/base:1`;
  await expect(openRegistryBase(base, { cache, registry: client })(amd64)).rejects.toThrow(
    baseUnfit({ base, why: "it is for linux/arm64, wanted linux/amd64" }),
  );
  const missing = `${registry.host}/base:2`;
  await expect(openRegistryBase(missing, { cache, registry: client })(amd64)).rejects.toThrow(
    baseUnfit({ base: missing, why: `there is no 2 in ${registry.host}/base` }),
  );
});

test.each([
  ["{", "its manifest names no config and layers"],
  ['{"config":{"digest":"sha256:../../etc"},"layers":[]}', "its manifest is not as the specification has it"],
  ['{"manifests":{"0":1}}', "its manifest is not as the specification has it"],
  ['{"manifests":[]}', "it is for no platform, wanted linux/amd64"],
])("a manifest that says %s is no base", async (text, why) => {
  const registry = await startMemoryRegistry({
    before: (_request, response) => {
      response.setHeader("content-type", "application/vnd.oci.image.manifest.v1+json").end(text);
      return true;
    },
  });
  onTestFinished(() => registry.close());
  const base = `${registry.host}/base:1`;
  const options = { cache: await scratchFolder(), registry: client };
  await expect(openRegistryBase(base, options)(amd64)).rejects.toThrow(baseUnfit({ base, why }));
});
