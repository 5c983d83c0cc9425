/** @file An image for the architecture that this machine is not, on a base of others: all native parts in it must be that one's. */
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { digestOf } from "../../../src/base/digest.ts";
import { findSlipwayError } from "../../../src/base/errors.ts";
import type { BaseImage } from "../../../src/image/base-image.ts";
import { buildImages } from "../../../src/image/build.ts";
import { readElf } from "../../../src/image/elf/read.ts";
import { packageMissing } from "../../../src/image/errors.ts";
import { readWhole } from "../../../src/image/fixtures/entries.ts";
import { inspectIndex } from "../../../src/image/inspect.ts";
import { readTar } from "../../../src/image/tar/read.ts";
import type { Platform } from "../../../src/image/types.ts";
import { fromBytes } from "../../../src/oci/blob-source.ts";
import { putTurnedModel } from "../../../src/serve/_fixture.ts";
import { here, openWorkshop } from "./build.ts";

const other: Platform = { os: "linux", architecture: here.architecture === "amd64" ? "arm64" : "amd64" };
const layer = new TextEncoder().encode("a layer that is not read");

/** Stands for what a registry would say. */
function baseFor({ os, architecture }: Platform): BaseImage {
  return {
    reference: "example.test/base:1",
    digest: digestOf(architecture),
    config: {
      os,
      architecture,
      config: { Env: ["PATH=/bin", "LANG=C.UTF-8"], Cmd: ["bash"], User: "root" },
      rootfs: { type: "layers", diff_ids: [digestOf("diff")] },
      history: [{ created_by: "them" }],
    },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: digestOf(layer), size: layer.length }],
    open: () => fromBytes(layer),
    repository: "example.test/base",
  };
}

test("both platforms come from one machine, each with its own native parts", async ({ skip }) => {
  const { project, store } = await openWorkshop();
  const { name, digest } = await putTurnedModel(store, 1);
  const model = await store.pack(`${name}@${digest}`);
  const index = await buildImages({
    project,
    model,
    base: async (platform) => baseFor(platform),
    platforms: [here, other],
  }).catch((error: unknown) => {
    const known = findSlipwayError(error);
    if (known?.code === packageMissing.code) return skip(`no package registry in reach: ${known.message}`);
    throw error;
  });
  const machines = { amd64: "x86_64", arm64: "aarch64" };

  for (const image of index.images) {
    const { architecture } = image.config as { architecture: "amd64" | "arm64" };
    const natives: string[] = [];
    for (const { content } of image.layers.slice(1)) {
      for (const { path, bytes } of readTar(gunzipSync(await readWhole(content)), "layer")) {
        if (bytes[0] !== 0x7f || bytes[1] !== 0x45) continue;
        const { machine } = readElf((offset, length) => bytes.subarray(offset, offset + length), path);
        natives.push(`${path.split("/").at(-1)} ${machine}`);
      }
    }
    const decoder = `image.linux-${architecture === "amd64" ? "x64" : "arm64"}-gnu.node`;
    expect(natives.toSorted()).toEqual(
      [decoder, "libonnxruntime.so.1", "node", "onnxruntime_binding.node"].map(
        (file) => `${file} ${machines[architecture]}`,
      ),
    );
    expect(image.config.config).toMatchObject({ Cmd: [], User: "65532:65532" });
    expect(image.config.config.Env?.slice(0, 3)).toEqual([
      "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
      "LANG=C.UTF-8",
      "NODE_ENV=production",
    ]);
    expect(image.annotations).toMatchObject({
      "org.opencontainers.image.base.name": "example.test/base:1",
      "org.opencontainers.image.base.digest": digestOf(architecture),
    });
  }
  const { images } = inspectIndex(index);
  expect(images.map(({ platform }) => platform)).toEqual([`linux/${here.architecture}`, `linux/${other.architecture}`]);
  // What is not native is the same: registries and nodes keep it once.
  const shared = images.map(({ layers }) => layers.filter((one) => ["app", "model"].includes(one.name)));
  expect(shared[1]).toEqual(shared[0]);
  for (const { size } of images) expect(size).toBeLessThan(80e6);
});
