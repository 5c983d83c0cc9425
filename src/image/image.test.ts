import { expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { sampleEntries } from "./fixtures/entries.ts";
import { annotate, appendLayer, configure, emptyImage, mapLayers, setCreated } from "./image.ts";
import { inspectImage, inspectIndex } from "./inspect.ts";
import { storedLayer } from "./layer.ts";
import { printImage, printIndex } from "./manifest.ts";
import { parsePlatform, platforms } from "./platform.ts";
import { platformUnknown } from "./errors.ts";
import { textEntry } from "./tar/entry.ts";
import type { Image } from "./types.ts";

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}

async function sampleImage(): Promise<Image> {
  const base = freeze(setCreated(emptyImage({ os: "linux", architecture: "amd64" }), "1970-01-01T00:00:00Z"));
  const one = freeze(appendLayer(base, await storedLayer("sample", sampleEntries())));
  const two = freeze(appendLayer(one, await storedLayer("model", [textEntry("app/model", "weights")]), "by hand"));
  const run = freeze(
    configure(two, { User: "65532:65532", Env: ["A=1", "B=2"], Labels: { b: "2", a: "1" }, Entrypoint: ["/node"] }),
  );
  return annotate(run, { "org.example": "x" });
}

test("config, manifest and index of the sample have not moved", async () => {
  const image = await sampleImage();
  const { config, manifest } = printImage(image);
  expect(
    [config, manifest, printIndex({ images: [image], annotations: {} })].map(({ descriptor }) => descriptor.digest),
  ).toEqual([
    "sha256:74cc3bcb75179223663be0bd911bc9a69367d1c05c602eb3b44fd1641165fda8",
    "sha256:2cd9d2facd79936282754d24f2d218fc633a104df7181e0fb28c1d8f45931e24",
    "sha256:4b5c0dd802ef6ba5a58fb31b0ca66bcb2623a6830a478294853b5ed9842aa016",
  ]);
  expect(digestOf(manifest.bytes)).toBe(manifest.descriptor.digest);
});

test("they say what the specification wants", async () => {
  const image = await sampleImage();
  const { config, manifest } = printImage(image);
  expect(JSON.parse(new TextDecoder().decode(config.bytes))).toEqual({
    os: "linux",
    architecture: "amd64",
    created: "1970-01-01T00:00:00Z",
    config: { User: "65532:65532", Env: ["A=1", "B=2"], Labels: { a: "1", b: "2" }, Entrypoint: ["/node"] },
    rootfs: { type: "layers", diff_ids: image.layers.map(({ diffId }) => diffId) },
    history: [
      { created: "1970-01-01T00:00:00Z", created_by: "slipway: sample" },
      { created: "1970-01-01T00:00:00Z", created_by: "by hand" },
    ],
  });
  expect(JSON.parse(new TextDecoder().decode(manifest.bytes))).toEqual({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { ...config.descriptor, mediaType: "application/vnd.oci.image.config.v1+json" },
    layers: image.layers.map(({ descriptor }) => descriptor),
    annotations: { "org.example": "x" },
  });
  const index = printIndex({ images: [image], annotations: {} });
  expect(JSON.parse(new TextDecoder().decode(index.bytes))).toEqual({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [{ ...manifest.descriptor, platform: { os: "linux", architecture: "amd64" } }],
  });
});

test("a new model is one new layer: all others keep their digests", async () => {
  const before = await sampleImage();
  const model = await storedLayer("model", [textEntry("app/model", "other weights")]);
  const after = mapLayers(before, (layer) => (layer.name === "model" ? model : layer));
  expect(after.layers[0]).toBe(before.layers[0]);
  expect(inspectImage(after).digest).not.toBe(inspectImage(before).digest);
  expect(before.layers[1]?.diffId).not.toBe(after.layers[1]?.diffId);
});

test("settings are added to those of the base: variables and labels one by one, the rest as a whole", () => {
  const base = configure(emptyImage({ os: "linux", architecture: "arm64" }), {
    Env: ["PATH=/bin", "LANG=C"],
    Cmd: ["sh"],
    Labels: { maintainer: "them" },
    WorkingDir: "/",
  });
  const image = configure(base, { Env: ["PATH=/usr/bin", "PORT=1=2"], Cmd: [], Labels: { own: "us" } });
  expect(image.config.config).toEqual({
    Env: ["PATH=/usr/bin", "LANG=C", "PORT=1=2"],
    Cmd: [],
    Labels: { maintainer: "them", own: "us" },
    WorkingDir: "/",
  });
});

test("the summary counts what a node pulls", async () => {
  const image = await sampleImage();
  const summary = inspectImage(image);
  const { config, manifest } = printImage(image);
  expect(summary.platform).toBe("linux/amd64");
  expect(summary.layers.map(({ name }) => name)).toEqual(["sample", "model"]);
  expect(summary.size).toBe(
    image.layers.reduce((sum, { descriptor }) => sum + descriptor.size, config.bytes.length + manifest.bytes.length),
  );
  const index = { images: [image], annotations: {} };
  expect(inspectIndex(index)).toEqual({ digest: printIndex(index).descriptor.digest, images: [summary] });
});

test("platforms are read as they are written, and others refused", () => {
  expect(["linux/amd64", "linux/arm64"].map(parsePlatform)).toEqual(platforms);
  expect(() => parsePlatform("windows/amd64")).toThrow(
    platformUnknown({ platform: "windows/amd64", known: ["linux/amd64", "linux/arm64"] }),
  );
});
