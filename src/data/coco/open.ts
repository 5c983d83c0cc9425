/** @file A folder of images with their boxes in COCO's format, by content, before any pixel is decoded. */
import { hash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { resolve, sep } from "node:path";
import { canonicalJson, digestOf } from "../../base/digest.ts";
import { silent } from "../../base/progress.ts";
import { checkImage } from "../../pixels/decode.ts";
import { orientedSize } from "../../pixels/header.ts";
import { dataFileMissing } from "../errors.ts";
import { toFaultReport, toImageFault } from "../faults.ts";
import { sortLabels } from "../labels.ts";
import { compareBytes, merkleRoot } from "../merkle.ts";
import type { OpenOptions } from "../open.ts";
import { createPace } from "../pace.ts";
import { readWhole } from "../read.ts";
import { decodeOptionsOf } from "../source.ts";
import type { BoxDataset, CocoSource, Corners, DatasetFault } from "../types.ts";
import { reasonOf, toUnreadable } from "../walk.ts";
import { type Coco, type CocoImage, parseCoco } from "./parse.ts";
import { type Pixels, toCorners } from "./to-corners.ts";
import { findBoxWarnings } from "./warnings.ts";

/**
 * Reads the annotations and every image that they name. An image's entry has the digest of its bytes and its boxes together, so that
 * the lock tells which image's boxes were changed. Throws `dataFileMissing`, `datasetFaulty` (with every fault) or `dataInterrupted`.
 */
export async function openCoco(source: CocoSource, options: OpenOptions): Promise<BoxDataset> {
  const folder = resolve(options.root, source.path);
  const annotations = readAnnotations(`${folder}/${source.annotations}`);
  const coco = parseCoco(annotations.toString("utf8"), source.annotations);
  const { rows, faults } = await readRows(source, folder, coco, options);
  if (coco.faults.length + faults.length > 0) throw toFaultReport(folder, [...coco.faults, ...faults]);
  const labels = sortLabels(new Set(rows.flatMap(({ objects }) => objects.map(({ label }) => label))));
  if (labels.length === 0) {
    const seen =
      rows.length === 0 ? "names no image" : `has no box in any of its ${rows.length.toLocaleString("en")} images`;
    throw toFaultReport(folder, [
      { kind: "fewLabels", path: source.annotations, message: `${seen}; wanted boxes to learn from` },
    ]);
  }
  const nameRarest = rankLabels(rows);
  const entries = rows.map(({ path, digest, size, objects }) => ({
    path,
    label: nameRarest(objects),
    digest: digestOf(canonicalJson({ image: digest, objects })),
    size,
  }));
  const places = new Map(labels.map((label, index) => [label, index]));
  const dataset = {
    kind: "boxes",
    source,
    folder,
    digest: merkleRoot(entries),
    labels,
    entries,
    boxes: rows.map(({ objects }) => objects.map(({ label, corners }) => ({ label: places.get(label) ?? 0, corners }))),
    files: [
      ...rows.map(({ path, digest, size }) => ({ path, digest, size })),
      { path: source.annotations, digest: digestOf(annotations), size: annotations.length },
    ],
  } as const;
  return { ...dataset, warnings: findBoxWarnings(dataset, coco) };
}

function readAnnotations(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw dataFileMissing({ path, why: reasonOf(error) }, { cause: error });
  }
}

type File = BoxDataset["files"][number];

interface Row extends File {
  /** Sorted, so that another order in the file is no difference. */
  objects: readonly { label: string; corners: Corners }[];
}

async function readRows(
  source: CocoSource,
  folder: string,
  { images }: Coco,
  options: OpenOptions,
): Promise<{ rows: Row[]; faults: DatasetFault[] }> {
  const rows: Row[] = [];
  const faults: DatasetFault[] = [];
  const named = images.map((image) => ({
    image,
    path: source.images === "." ? image.name : `${source.images}/${image.name}`,
  }));
  named.sort((a, b) => compareBytes(a.path, b.path));
  const { report = silent, signal } = options;
  const pace = createPace({ label: "read files", doing: "reading the dataset", total: named.length, report, signal });
  const home = realpathSync(folder) + sep;
  const decode = decodeOptionsOf({ ...source, otherSizes: "resize" });
  for (const [row, { image, path }] of named.entries()) {
    await pace(row);
    let bytes: Uint8Array;
    try {
      if (!realpathSync(`${folder}/${path}`).startsWith(home)) {
        faults.push({
          kind: "outside",
          path,
          message: "is a link to outside of the dataset's folder, so it means something else on another machine",
        });
        continue;
      }
      bytes = readWhole(`${folder}/${path}`);
    } catch (error) {
      faults.push({ ...toUnreadable(path, error), ...describeMissing(image, error) });
      continue;
    }
    try {
      const size = orientedSize(checkImage(bytes, decode));
      const fault = findSizeFault(path, image, size);
      const boxes = fault === undefined ? toCorners(image, size) : { objects: [], faults: [fault] };
      faults.push(...boxes.faults);
      const digest = `sha256:${hash("sha256", bytes, "hex")}` as const;
      rows.push({ path, digest, size: bytes.length, objects: boxes.objects });
    } catch (error) {
      faults.push(toImageFault(path, error));
    }
  }
  return { rows, faults };
}

/** A file that the annotations name and nobody exported is told of by their place. */
function describeMissing({ at }: CocoImage, error: unknown): Partial<DatasetFault> {
  const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
  return missing ? { kind: "missing", message: `is named by ${at}, but there is no such file` } : {};
}

function findSizeFault(path: string, { size, at }: CocoImage, seen: Pixels): DatasetFault | undefined {
  if (size === undefined || (size.width === seen.width && size.height === seen.height)) return undefined;
  const stated = `${size.width} × ${size.height} pixels by ${at}`;
  return {
    kind: "format",
    path,
    message: `is ${stated}, but the file has ${seen.width} × ${seen.height}; its boxes would lie elsewhere`,
  };
}

/** Which of an image's labels has the fewest boxes in all: the split keeps the same share of the rare ones on either side. */
function rankLabels(rows: readonly Row[]): (objects: Row["objects"]) => string {
  const counts = new Map<string, number>();
  for (const { objects } of rows) for (const { label } of objects) counts.set(label, (counts.get(label) ?? 0) + 1);
  const rank = (label: string): number => counts.get(label) ?? 0;
  return (objects) =>
    objects
      .map(({ label }) => label)
      .toSorted((a, b) => rank(a) - rank(b) || compareBytes(a, b))
      .at(0) ?? "";
}
