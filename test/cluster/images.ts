/** @file The cluster's own images, made by src/image: no image is fetched from anywhere. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { cacheFolder } from "../../src/image/cache/folder.ts";
import { openLayerCache } from "../../src/image/cache/layers.ts";
import { dockerArchive, writeArchive } from "../../src/image/destinations/archive.ts";
import { pushImage } from "../../src/image/destinations/registry.ts";
import { appendLayer, configure, emptyImage } from "../../src/image/image.ts";
import { composeHostBase } from "../../src/image/parts/host-base.ts";
import { folderEntry, linkEntry, textEntry, type TarEntry } from "../../src/image/tar/entry.ts";
import { fileEntry } from "../../src/image/tar/file-entry.ts";
import type { Image, Platform, RunConfig } from "../../src/image/types.ts";
import { openRepository } from "../../src/oci/repository.ts";
import { pauseImage, registry } from "./settings.ts";

export const platform: Platform = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
const busybox = "/bin/busybox";

/** A shell and its 270 tools, one static program of 2 MB. */
export async function busyboxEntries(): Promise<TarEntry[]> {
  const tools = execFileSync(busybox, ["--list"], { encoding: "utf8" }).trim().split("\n");
  return [
    await fileEntry("bin/busybox", busybox, 0o755),
    ...tools.filter((tool) => tool !== "busybox").map((tool) => linkEntry(`bin/${tool}`, "busybox")),
    textEntry("etc/passwd", "root:x:0:0:root:/:/bin/sh\nnonroot:x:65532:65532:nonroot:/tmp:/bin/sh\n"),
    textEntry("etc/group", "root:x:0:\nnonroot:x:65532:\n"),
    folderEntry("tmp", 0o1777),
    ...["dev", "proc", "sys"].map((path) => folderEntry(path)),
  ];
}

/** busybox, and the Node that runs here with this machine's libraries. */
export async function nodeEntries(): Promise<TarEntry[]> {
  const host = await composeHostBase([process.execPath], platform);
  const named = new Set(host.map(({ path }) => path));
  return [
    ...host,
    ...(await busyboxEntries()).filter(({ path }) => !named.has(path)),
    await fileEntry("usr/local/bin/node", process.execPath, 0o755),
  ];
}

/** Layers are kept in the cache that all images share, so that a base is packed once on a machine. */
export async function makeImage(layers: readonly (readonly TarEntry[])[], run: RunConfig): Promise<Image> {
  const cache = openLayerCache(cacheFolder());
  let image = emptyImage(platform);
  for (const [index, entries] of layers.entries())
    image = appendLayer(image, await cache.gzipLayer(index === 0 ? "base" : "files", entries));
  return configure(image, run);
}

/** For `ctr images import`: nodes need it before any registry. */
export async function writePauseArchive(binaries: string, path: string): Promise<void> {
  const program = await fileEntry("pause", join(binaries, "bin", "pause"), 0o755);
  const image = await makeImage([[program]], { Entrypoint: ["/pause"] });
  await writeArchive(await dockerArchive(image, pauseImage), path);
}

/** Gives `localhost:5001/cluster/coredns@sha256:…`. */
export async function pushOwn(name: string, layers: readonly (readonly TarEntry[])[], run: RunConfig): Promise<string> {
  const repository = openRepository(`${registry}/cluster/${name}`);
  const { root } = await pushImage(repository, await makeImage(layers, run), { tags: ["latest"] });
  return `${registry}/cluster/${name}@${root.digest}`;
}
