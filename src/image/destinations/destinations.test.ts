import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { openLayerCache } from "../cache/layers.ts";
import { contentMismatch, destinationUnusable } from "../errors.ts";
import { readWhole, sampleEntries } from "../fixtures/entries.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import { appendLayer, emptyImage } from "../image.ts";
import { layerTypes, storedLayer } from "../layer.ts";
import { printImage, printIndex } from "../manifest.ts";
import { textEntry } from "../tar/entry.ts";
import { readTar } from "../tar/read.ts";
import { writeTar } from "../tar/write.ts";
import type { Image, ImageIndex, Layer } from "../types.ts";
import { dockerArchive, ociArchive, writeArchive } from "./archive.ts";
import { listContent } from "./content.ts";
import { writeLayout } from "./layout.ts";

async function sampleImage(architecture: "amd64" | "arm64" = "amd64", weights = "weights"): Promise<Image> {
  const cache = openLayerCache(await scratchFolder());
  const base = appendLayer(emptyImage({ os: "linux", architecture }), await cache.gzipLayer("base", sampleEntries()));
  return appendLayer(base, await storedLayer("model", [textEntry("app/model", weights)]));
}

async function sampleIndex(): Promise<ImageIndex> {
  return { images: [await sampleImage("amd64"), await sampleImage("arm64")], annotations: {} };
}

interface LayoutIndex {
  manifests: { digest: string; annotations: Record<string, string>; platform?: object }[];
}

const indexOf = async (folder: string) => JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as LayoutIndex;

test("a layout holds each blob once, under its digest, and names the image", async () => {
  const folder = join(await scratchFolder(), "new", "layout");
  const index = await sampleIndex();
  const root = await writeLayout(index, folder, "localhost/digits:v1");
  expect(root.digest).toBe(printIndex(index).descriptor.digest);
  const names = await readdir(join(folder, "blobs", "sha256"));
  // Two layers, which both platforms share; a config and a manifest for each; the index.
  expect(names.length).toBe(2 + 2 + 2 + 1);
  for (const name of names)
    expect(digestOf(await readFile(join(folder, "blobs", "sha256", name)))).toBe(`sha256:${name}`);
  expect(JSON.parse(await readFile(join(folder, "oci-layout"), "utf8"))).toEqual({ imageLayoutVersion: "1.0.0" });
  expect((await indexOf(folder)).manifests).toEqual([
    {
      ...root,
      annotations: {
        "io.containerd.image.name": "localhost/digits:v1",
        "org.opencontainers.image.ref.name": "localhost/digits:v1",
      },
    },
  ]);
});

test("another image comes beside it; the same name moves; blobs that are there are not written again", async () => {
  const folder = await scratchFolder();
  const first = await sampleImage();
  await writeLayout(first, folder, "digits:v1");
  const layer = join(folder, "blobs", "sha256", first.layers[0]!.descriptor.digest.slice(7));
  const { ino } = await stat(layer);
  const second = await writeLayout(await sampleImage("amd64", "newer"), folder, "digits:v2");
  await writeLayout(await sampleImage("amd64", "newest"), folder, "digits:v1");
  expect((await stat(layer)).ino).toBe(ino);
  const { manifests } = await indexOf(folder);
  expect(manifests.map(({ annotations }) => annotations["org.opencontainers.image.ref.name"])).toEqual([
    "digits:v2",
    "digits:v1",
  ]);
  expect(manifests[0]).toMatchObject({ digest: second.digest, platform: { os: "linux", architecture: "amd64" } });
});

test("a folder that is something else is left alone", async () => {
  const folder = await scratchFolder();
  await writeFile(join(folder, "index.json"), '{"dependencies":{}}');
  const path = join(folder, "index.json");
  await expect(writeLayout(await sampleImage(), folder, "x")).rejects.toThrow(
    destinationUnusable({ path, why: "it is no OCI image index" }),
  );
  expect(await readFile(path, "utf8")).toBe('{"dependencies":{}}');
  await expect(writeLayout(await sampleImage(), join(path, "below"), "x")).rejects.toMatchObject({
    code: destinationUnusable.code,
  });
});

test("a layer whose content is not what its digest says is not written", async () => {
  const image = await sampleImage();
  const wrong = await storedLayer("model", [textEntry("app/model", "WEIGHTS")]);
  const [base, model] = image.layers;
  const forged: Image = { ...image, layers: [base!, { ...model!, content: wrong.content }] };
  const folder = await scratchFolder();
  await expect(writeLayout(forged, folder, "x")).rejects.toMatchObject({ code: contentMismatch.code });
  expect(await readdir(join(folder, "blobs", "sha256"))).toEqual([base!.descriptor.digest.slice(7)]);
});

test("the OCI archive is the layout in a tar, the same bytes each time", async () => {
  const index = await sampleIndex();
  const archive = await readWhole(ociArchive(index, "digits:v1"));
  const files = new Map([...readTar(archive, "a")].map((file) => [file.path, file]));
  const { manifests } = JSON.parse(Buffer.from(files.get("index.json")!.bytes).toString()) as LayoutIndex;
  expect(manifests.map(({ digest }) => digest)).toEqual([printIndex(index).descriptor.digest]);
  for (const { descriptor } of [...listContent(index).layers, ...listContent(index).manifests])
    expect(digestOf(files.get(`blobs/${descriptor.digest.replace(":", "/")}`)!.bytes)).toBe(descriptor.digest);
  expect(digestOf(await readWhole(ociArchive(await sampleIndex(), "digits:v1")))).toBe(digestOf(archive));
});

/** As a base may have it: a tar without compression. */
async function plainLayer(): Promise<Layer> {
  const content = writeTar("plain", [textEntry("etc/motd", "hello")]);
  const diffId = digestOf(await readWhole(content));
  const descriptor = { mediaType: layerTypes.tar, digest: diffId, size: content.size };
  return { name: "plain", descriptor, diffId, content };
}

test("the docker archive has the image's own config, and every layer as gzip of what its diff id says", async () => {
  const image = appendLayer(await sampleImage(), await plainLayer());
  const files = new Map(
    [...readTar(await readWhole(await dockerArchive(image, "digits:v1")), "a")].map((file) => [file.path, file.bytes]),
  );
  const [manifest] = JSON.parse(Buffer.from(files.get("manifest.json")!).toString()) as {
    Config: string;
    RepoTags: string[];
    Layers: string[];
  }[];
  expect(manifest?.RepoTags).toEqual(["digits:v1"]);
  expect(digestOf(files.get(manifest!.Config)!)).toBe(printImage(image).config.descriptor.digest);
  expect(manifest!.Layers.map((path) => digestOf(gunzipSync(files.get(path)!)))).toEqual(
    image.layers.map(({ diffId }) => diffId),
  );
});

test("an archive is there whole or not at all", async () => {
  const folder = await scratchFolder();
  const path = join(folder, "image.tar");
  await writeArchive(ociArchive(await sampleImage(), "digits:v1"), path);
  expect([...readTar(await readFile(path), "image.tar")].map((file) => file.path)).toContain("index.json");
  const broken = {
    name: "x",
    size: 3,
    read: async function* () {
      yield Buffer.from("a");
      throw new Error("gone");
    },
  };
  await expect(writeArchive(broken, join(folder, "other.tar"))).rejects.toThrow("gone");
  await expect(writeArchive(broken, join(folder, "missing", "x.tar"))).rejects.toMatchObject({
    code: destinationUnusable.code,
  });
  expect(await readdir(folder)).toEqual(["image.tar"]);
});
