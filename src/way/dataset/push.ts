/** @file A dataset's files into a registry, once: what is there is neither sent nor read again. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Digest, digestOf, digestOfJson, hexOf } from "../../base/digest.ts";
import { silent, type Report } from "../../base/progress.ts";
import { merkleRoot } from "../../data/merkle.ts";
import type { DataSource } from "../../data/types.ts";
import { bytesEntry } from "../../image/tar/entry.ts";
import { writeTar } from "../../image/tar/write.ts";
import { readBytes } from "../../image/hash.ts";
import { fromBytes, fromFile, type BlobSource } from "../../oci/blob-source.ts";
import { getManifest, headManifest, putManifest } from "../../oci/manifests.ts";
import { pushBlob } from "../../oci/push-blob.ts";
import { printRepository, type Repository } from "../../oci/repository.ts";
import { forEachLimited } from "../../oci/transfer.ts";
import type { Descriptor } from "../../oci/types.ts";
import { datasetChanged } from "../errors.ts";
import { groupFiles, type DatasetFile, type FileGroup } from "./group.ts";
import { describeLayer, printDataset, readDatasetManifest } from "./manifest.ts";

export interface PushDatasetOptions {
  report?: Report;
  signal?: AbortSignal | undefined;
}

export interface PushedDataset {
  /** Of the artifact's manifest. */
  digest: Digest;
  /** Nothing was sent: the registry has this very dataset. */
  existed: boolean;
  /** Bytes sent. */
  sent: number;
  layers: number;
}

/** A dataset as files: what `listDatasetFiles` gives. */
export interface PushableDataset {
  source: DataSource;
  /** The dataset's own. */
  digest: Digest;
  /** Absolute; the files' paths are relative to it. */
  folder: string;
  files: readonly DatasetFile[];
}

/** What the newest dataset of the repository is tagged as: the next push takes over what did not change. */
const newest = "latest";

/**
 * Pushes the dataset's files and tags them by the dataset's digest. Throws the errors of src/oci, and `datasetChanged` where a
 * file is not any more what its digest says.
 */
export async function pushDataset(
  repository: Repository,
  name: string,
  dataset: PushableDataset,
  { report = silent, signal }: PushDatasetOptions = {},
): Promise<PushedDataset> {
  const tag = tagOf(dataset);
  const there = await headManifest(repository, tag, { signal });
  if (there !== undefined) return { digest: there.digest, existed: true, sent: 0, layers: 0 };
  const known = await readKnownLayers(repository, signal);
  const groups = groupFiles(dataset.files);
  let sent = 0;
  let done = 0;
  const pushGroup = async (group: FileGroup): Promise<Descriptor> => {
    const { digest, source } = await packGroup(dataset, group);
    if ((await pushBlob(repository, digest, source, { signal })) === "uploaded") sent += source.size;
    return describeLayer(group, { digest, size: source.size });
  };
  const layers = await forEachLimited(groups, repository.registry.concurrency, async (group) => {
    const layer = known.get(group.key) ?? (await pushGroup(group));
    report({ step: "data", label: "push the dataset", done: ++done, total: groups.length });
    return layer;
  });
  const { source, digest, files } = dataset;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const described = { version: 1, digest, files: merkleRoot(files), count: files.length, bytes, source } as const;
  const { config, manifest } = printDataset(name, described, layers);
  await pushBlob(repository, config.descriptor.digest, fromBytes(config.bytes, "config"), { signal });
  const { mediaType } = manifest.descriptor;
  for (const reference of [tag, newest])
    await putManifest(repository, reference, { bytes: manifest.bytes, mediaType }, { signal });
  return { digest: manifest.descriptor.digest, existed: false, sent, layers: layers.length };
}

/** The same files read by another source are another artifact: its config tells the source. */
function tagOf({ digest, source }: PushableDataset): string {
  return `data-${hexOf(digest, 40)}-${hexOf(digestOfJson(source), 12)}`;
}

/** Layers of the newest dataset by their groups' keys. What is no dataset has none: it is replaced. */
async function readKnownLayers(
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<Map<string, Descriptor>> {
  const found = await getManifest(repository, newest, { signal });
  const known = new Map<string, Descriptor>();
  if (found === undefined) return known;
  const { layers } = readDatasetManifest(found.bytes, `${printRepository(repository)}:${newest}`);
  for (const { key, descriptor } of layers) if (key !== undefined) known.set(key, descriptor);
  return known;
}

async function packGroup(
  { folder }: PushableDataset,
  { files, raw, key }: FileGroup,
): Promise<{ digest: Digest; source: BlobSource }> {
  const [first] = files;
  // What is sent is held against the digest by the registry.
  if (raw && first !== undefined)
    return { digest: first.digest, source: fromFile(join(folder, first.path), first.size) };
  const entries = files.map(({ path, digest }) => {
    const bytes = readFileSync(join(folder, path));
    if (digestOf(bytes) !== digest) throw datasetChanged({ path: join(folder, path) });
    return bytesEntry(path, bytes, 0o644, digest);
  });
  const bytes = await readBytes(writeTar(key, entries));
  return { digest: digestOf(bytes), source: fromBytes(bytes, key) };
}
