import { hash } from "node:crypto";
import { extname, resolve } from "node:path";
import { silent } from "../base/progress.ts";
import { checkImage } from "../pixels/decode.ts";
import { datasetMissing } from "./errors.ts";
import { toFaultReport, toImageFault } from "./faults.ts";
import { decodeEntries } from "./load.ts";
import { compareBytes, merkleRoot } from "./merkle.ts";
import { sortLabels } from "./labels.ts";
import type { OpenOptions } from "./open.ts";
import { createPace } from "./pace.ts";
import { readWhole } from "./read.ts";
import { decodeOptionsOf } from "./source.ts";
import type { DatasetEntry, DatasetFault, ImageDataset, ImageFolderSource } from "./types.ts";
import { reasonOf, toUnreadable, walkImageFolder } from "./walk.ts";
import type { Walk } from "./walk.ts";
import { findWarnings } from "./warnings.ts";

/**
 * Reads every file once: content digests, the dataset's digest, labels. No pixel is decoded, unless a fault is found: then the rest is
 * decoded too, so that one report names every faulty file. Throws `datasetMissing`, `datasetFaulty` or `dataInterrupted`.
 */
export async function openImageFolder(source: ImageFolderSource, options: OpenOptions): Promise<ImageDataset> {
  const folder = resolve(options.root, source.path);
  const walk = listFiles(folder);
  const { entries, faults } = await readEntries({ source, folder, walk, options });
  const labels = sortLabels(new Set(walk.files.map(({ label }) => label)));
  if (labels.length < 2) faults.push({ kind: "fewLabels", path: ".", message: describeFewLabels(labels) });
  const dataset: ImageDataset = {
    kind: "images",
    source,
    folder,
    digest: merkleRoot(entries),
    labels,
    entries,
    warnings: findWarnings(entries, walk.ignored),
  };
  if (faults.length === 0) return dataset;
  throw toFaultReport(folder, [
    ...faults,
    ...(await decodeEntries({ folder, entries, source }, { ...options, take: () => {} })),
  ]);
}

function listFiles(folder: string): Walk {
  try {
    return walkImageFolder(folder);
  } catch (error) {
    throw datasetMissing({ folder, why: reasonOf(error) }, { cause: error });
  }
}

async function readEntries(from: { source: ImageFolderSource; folder: string; walk: Walk; options: OpenOptions }) {
  const { source, folder, walk, options } = from;
  const entries: DatasetEntry[] = [];
  const faults: DatasetFault[] = [...walk.faults];
  const files = walk.files.toSorted((a, b) => compareBytes(a.path, b.path));
  const pace = createPace({
    label: "read files",
    doing: "reading the dataset",
    total: files.length,
    report: options.report ?? silent,
    signal: options.signal,
  });
  const decode = decodeOptionsOf(source);
  for (const [row, { path, label }] of files.entries()) {
    await pace(row);
    let bytes: Uint8Array;
    try {
      bytes = readWhole(`${folder}/${path}`);
    } catch (error) {
      faults.push(toUnreadable(path, error));
      continue;
    }
    const fault = inspect(path, bytes, decode);
    if (fault !== undefined) faults.push(fault);
    else entries.push({ path, label, digest: `sha256:${hash("sha256", bytes, "hex")}`, size: bytes.length });
  }
  return { entries, faults };
}

function inspect(path: string, bytes: Uint8Array, options: Parameters<typeof checkImage>[1]): DatasetFault | undefined {
  try {
    const { format } = checkImage(bytes, options);
    const extension = extname(path).toLowerCase();
    if (extensions[format].some((known) => known === extension)) return undefined;
    return {
      kind: "mislabelled",
      path,
      message: `holds a ${format} although its name ends in ${extension}; wanted ${extensions[format][0]}`,
    };
  } catch (error) {
    return toImageFault(path, error);
  }
}

const extensions = { JPEG: [".jpg", ".jpeg"], PNG: [".png"], WebP: [".webp"] } as const satisfies Record<
  string,
  readonly string[]
>;

function describeFewLabels(labels: readonly string[]): string {
  return `has ${labels.length === 0 ? "no label" : `one label (${labels[0]})`}; wanted two or more folders of images, one for each label`;
}
