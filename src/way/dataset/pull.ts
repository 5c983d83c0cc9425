/** @file A dataset out of a registry, held against its digest before anyone may use it. */
import { createHash } from "node:crypto";
import { createWriteStream, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Digest } from "../../base/digest.ts";
import { silent, type Report } from "../../base/progress.ts";
import { merkleRoot } from "../../data/merkle.ts";
import { readTar } from "../../image/tar/read.ts";
import { getManifest } from "../../oci/manifests.ts";
import { readBlob, readBlobBytes } from "../../oci/read-blob.ts";
import { printRepository, type Repository } from "../../oci/repository.ts";
import { forEachLimited } from "../../oci/transfer.ts";
import { datasetArtifactBroken, datasetArtifactMissing, datasetDiffers } from "../errors.ts";
import { readDatasetConfig, readDatasetManifest, type DatasetConfig, type DatasetLayer } from "./manifest.ts";

export interface PullDatasetOptions {
  /** The dataset's digest as whoever asks knows it. Default: what the artifact says. */
  digest?: Digest;
  report?: Report;
  signal?: AbortSignal | undefined;
}

/**
 * Writes the files into `folder`, which must not be there yet: it appears when all of them are whole and their Merkle tree is
 * the artifact's. That the files make the wanted dataset is seen when they are opened: `openDataset` computes its digest anew.
 * `reference` is a digest or a tag. Throws `datasetArtifactMissing`, `datasetArtifactBroken`,
 * `datasetDiffers`, and the errors of src/oci.
 */
export async function pullDataset(
  repository: Repository,
  reference: string,
  folder: string,
  options: PullDatasetOptions = {},
): Promise<DatasetConfig> {
  const { report = silent, signal } = options;
  const named = `${printRepository(repository)}${reference.includes(":") ? "@" : ":"}${reference}`;
  const found = await getManifest(repository, reference, { signal });
  if (found === undefined) throw datasetArtifactMissing({ reference: named });
  const { config, layers } = readDatasetManifest(found.bytes, named);
  const described = readDatasetConfig(await readBlobBytes(repository, config, { signal }), named);
  const { digest: wanted = described.digest } = options;
  if (described.digest !== wanted) throw datasetDiffers({ what: named, seen: described.digest, wanted });
  const draft = `${folder}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  try {
    let done = 0;
    const unpack = createUnpacker(repository, draft, named, signal);
    const groups = await forEachLimited(layers, repository.registry.concurrency, async (layer) => {
      const files = await unpack(layer);
      report({ step: "data", label: "pull the dataset", done: ++done, total: layers.length });
      return files;
    });
    const seen = merkleRoot(groups.flat());
    if (seen !== described.files) throw datasetDiffers({ what: named, seen, wanted: described.files });
    await rename(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return described;
}

interface PulledFile {
  path: string;
  digest: Digest;
}

function createUnpacker(repository: Repository, folder: string, reference: string, signal: AbortSignal | undefined) {
  const made = new Set<string>();
  /** Where a file goes; never outside of the folder, whatever the artifact says. */
  const place = (path: string): string => {
    if (path === "" || /[\\\0]/.test(path) || path.split("/").some((part) => ["", ".", ".."].includes(part)))
      throw datasetArtifactBroken({ reference, why: `it has a file at ${JSON.stringify(path)}` });
    const file = join(folder, path);
    const parent = dirname(file);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    return file;
  };
  return async ({ descriptor, path }: DatasetLayer): Promise<PulledFile[]> => {
    if (path !== undefined) {
      // The registry's digest of a raw layer is the file's own, and is checked while it is read.
      await pipeline(Readable.from(readBlob(repository, descriptor, { signal })), createWriteStream(place(path)));
      return [{ path, digest: descriptor.digest }];
    }
    const archive = await readBlobBytes(repository, descriptor, { signal });
    const files: PulledFile[] = [];
    for (const entry of readTar(archive, reference)) {
      if (entry.kind === "folder") continue;
      if (entry.kind !== "file")
        throw datasetArtifactBroken({ reference, why: `${entry.path} is neither a file nor a folder` });
      // One after the other, without promises: thousands of small files are there in half the time.
      writeFileSync(place(entry.path), entry.bytes, { flag: "wx" });
      files.push({
        path: entry.path,
        digest: `sha256:${createHash("sha256").update(entry.bytes).digest("hex")}`,
      });
    }
    return files;
  };
}
