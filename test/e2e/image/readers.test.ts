/** @file What other people's tools make of our images: layouts and archives of an image without a line of this machine's files in it. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openLayerCache } from "../../../src/image/cache/layers.ts";
import { dockerArchive, ociArchive, writeArchive } from "../../../src/image/destinations/archive.ts";
import { writeLayout } from "../../../src/image/destinations/layout.ts";
import { sampleEntries } from "../../../src/image/fixtures/entries.ts";
import { appendLayer, configure, emptyImage } from "../../../src/image/image.ts";
import { inspectImage, inspectIndex } from "../../../src/image/inspect.ts";
import { storedLayer } from "../../../src/image/layer.ts";
import { textEntry } from "../../../src/image/tar/entry.ts";
import type { Image } from "../../../src/image/types.ts";
import { installDebian } from "../../debian.ts";
import { canRun, provideCrane } from "./crane.ts";

const name = "localhost/digits:v1";
const crane = await provideCrane();
const skopeo = canRun("skopeo", "--version") || installDebian("skopeo");

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-readers-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function sampleImage(folder: string, architecture: "amd64" | "arm64" = "amd64"): Promise<Image> {
  const base = await openLayerCache(join(folder, "cache")).gzipLayer("base", sampleEntries());
  const model = await storedLayer("model", [textEntry("app/model.onnx", "weights".repeat(5000))]);
  const image = appendLayer(appendLayer(emptyImage({ os: "linux", architecture }), base), model);
  return configure(image, { Env: ["PORT=5000"], Labels: { "dev.slipway.model": "digits" }, Entrypoint: ["/node"] });
}

describe.skipIf(crane === undefined)(`crane${crane === undefined ? " (not here: no crane and no Go)" : ""}`, () => {
  test("finds every layer, digest and size of the docker archive right", async () => {
    const folder = await makeFolder();
    const path = join(folder, "image.tar");
    await writeArchive(await dockerArchive(await sampleImage(folder), name), path);
    expect(execFileSync(crane!, ["validate", "--tarball", path], { encoding: "utf8" })).toContain("PASS");
  });
});

describe.skipIf(!skopeo)(`skopeo${skopeo ? "" : " (not here: neither installed nor to be had by apt-get)"}`, () => {
  const inspect = (reference: string, ...args: string[]) =>
    JSON.parse(execFileSync("skopeo", ["inspect", ...args, reference], { encoding: "utf8" })) as Record<
      string,
      unknown
    >;

  test("reads layout and archives, and sees the same image in all", async () => {
    const folder = await makeFolder();
    const image = await sampleImage(folder);
    const summary = inspectImage(image);
    await writeLayout(image, join(folder, "layout"), name);
    await writeArchive(ociArchive(image, name), join(folder, "oci.tar"));
    await writeArchive(await dockerArchive(image, name), join(folder, "docker.tar"));
    for (const reference of [`oci:${join(folder, "layout")}:${name}`, `oci-archive:${join(folder, "oci.tar")}`])
      expect(inspect(reference)).toMatchObject({
        Digest: summary.digest,
        Architecture: "amd64",
        Env: ["PORT=5000"],
        Labels: { "dev.slipway.model": "digits" },
        Layers: summary.layers.map(({ digest }) => digest),
      });
    expect(inspect(`docker-archive:${join(folder, "docker.tar")}`)).toMatchObject({
      Architecture: "amd64",
      Env: ["PORT=5000"],
    });
  });

  test("copies both platforms of an index, checking every digest on the way", async () => {
    const folder = await makeFolder();
    const images = [await sampleImage(folder), await sampleImage(folder, "arm64")];
    const index = { images, annotations: {} };
    await writeLayout(index, join(folder, "layout"), name);
    execFileSync("skopeo", [
      "copy",
      "--quiet",
      "--insecure-policy",
      "--all",
      `oci:${join(folder, "layout")}:${name}`,
      `dir:${join(folder, "copy")}`,
    ]);
    for (const architecture of ["amd64", "arm64"])
      expect(inspect(`oci:${join(folder, "layout")}:${name}`, "--override-arch", architecture)).toMatchObject({
        Architecture: architecture,
        Digest: inspectIndex(index).digest,
      });
  });
});
