import { expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { fromBytes } from "../oci/blob-source.ts";
import { fromBaseImage, type BaseImage } from "./base-image.ts";
import { baseUnfit } from "./errors.ts";
import { readWhole } from "./fixtures/entries.ts";
import { printImage } from "./manifest.ts";
import type { Platform } from "./types.ts";

const amd64: Platform = { os: "linux", architecture: "amd64" };
const dockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip";

function sampleBase(changes: { config?: object; layerTypes?: string[] } = {}): BaseImage {
  const layerTypes = changes.layerTypes ?? [dockerLayer, "application/vnd.oci.image.layer.v1.tar+zstd"];
  return {
    reference: "example.test/base:1",
    digest: digestOf("manifest"),
    config: {
      os: "linux",
      architecture: "amd64",
      config: { Env: ["PATH=/bin"], Healthcheck: { Test: ["NONE"] } },
      history: [{ created_by: "them" }, { created_by: "them too", empty_layer: true }],
      rootfs: { type: "layers", diff_ids: [digestOf("one"), digestOf("two")] },
      author: "them",
      ...changes.config,
    },
    layers: layerTypes.map((mediaType, index) => ({ mediaType, digest: digestOf(`blob ${index}`), size: 6 })),
    open: ({ digest }) => fromBytes(new TextEncoder().encode(digest)),
    repository: "example.test/base",
  };
}

test("layers are taken by digest, unread, under OCI's names; everything that the config says stays", async () => {
  const image = fromBaseImage(sampleBase(), amd64);
  expect(
    image.layers.map(({ descriptor, diffId, origin }) => [descriptor.mediaType, descriptor.digest, diffId, origin]),
  ).toEqual([
    ["application/vnd.oci.image.layer.v1.tar+gzip", digestOf("blob 0"), digestOf("one"), "example.test/base"],
    ["application/vnd.oci.image.layer.v1.tar+zstd", digestOf("blob 1"), digestOf("two"), "example.test/base"],
  ]);
  expect((await readWhole(image.layers[1]!.content)).toString()).toBe(digestOf("blob 1"));
  expect(JSON.parse(new TextDecoder().decode(printImage(image).config.bytes))).toEqual(sampleBase().config);
  expect(image.annotations).toEqual({
    "org.opencontainers.image.base.digest": digestOf("manifest"),
    "org.opencontainers.image.base.name": "example.test/base:1",
  });
});

test.each([
  ["another platform", { config: { architecture: "s390x" } }, "it is for linux/s390x, wanted linux/amd64"],
  ["no platform", { config: { os: undefined } }, "it is for ?/amd64, wanted linux/amd64"],
  ["a missing layer", { layerTypes: [dockerLayer] }, "its config tells of 2 layers, its manifest of 1"],
  ["no digests", { config: { rootfs: { diff_ids: [1, "x"] } } }, "its config has no digest for layer 0"],
  [
    "layers kept elsewhere",
    { layerTypes: [dockerLayer, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"] },
    "its layer 1 is of the kind application/vnd.docker.image.rootfs.foreign.diff.tar.gzip, which cannot be copied",
  ],
])("a base with %s is refused", (_what, changes, why) => {
  expect(() => fromBaseImage(sampleBase(changes), amd64)).toThrow(baseUnfit({ base: "example.test/base:1", why }));
});

test("a config that is no object is refused, not believed", () => {
  expect(() => fromBaseImage({ ...sampleBase(), config: null }, amd64)).toThrow("it is for ?/?, wanted linux/amd64");
});
