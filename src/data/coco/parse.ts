/** @file COCO's annotations out of their JSON, each held to what the format says. Pure: no file is read. */
import { isObject } from "../../base/json.ts";
import type { DatasetFault } from "../types.ts";

export interface CocoImage {
  /** As in the file: relative to the folder of the images. */
  name: string;
  /** Pixels, where the file says it. */
  size: { width: number; height: number } | undefined;
  objects: readonly CocoObject[];
  /** Where it stands: `annotations.json:images[3]`. */
  at: string;
}

export interface CocoObject {
  label: string;
  /** x, y, width and height in pixels of the image. */
  box: readonly [x: number, y: number, width: number, height: number];
  /** Where it stands: `annotations.json:annotations[7]`. */
  at: string;
}

export interface Coco {
  images: readonly CocoImage[];
  /** Names of the categories that no object is of. */
  unused: readonly string[];
  /** Regions of crowds, which are no single objects: they are left out. */
  crowds: number;
  faults: readonly DatasetFault[];
}

/**
 * Reads `text`; `file` names it in faults, of which all are found at once. What belongs to no box (licences, segmentations, key points)
 * is passed over.
 */
export function parseCoco(text: string, file: string): Coco {
  const faults: DatasetFault[] = [];
  const refuse: Refuse = (path, message, kind = "format") => void faults.push({ kind, path, message });
  const lists = readLists(text, file, refuse);
  const categories = readCategories(lists.categories, `${file}:categories`, refuse);
  const images = readImages(lists.images, `${file}:images`, refuse);
  const seen = new Set<Id>();
  const used = new Set<string>();
  let crowds = 0;
  for (const [index, value] of lists.annotations.entries()) {
    const at = `${file}:annotations[${index}]`;
    if (!isObject(value)) {
      refuse(at, `is ${show(value)}, wanted an object`);
      continue;
    }
    const { id, image_id: imageId, category_id: categoryId, iscrowd, bbox } = value;
    if (isId(id) && seen.has(id)) refuse(at, `has the id ${id}, as an annotation before it`, "duplicate");
    if (isId(id)) seen.add(id);
    if (iscrowd === 1 || iscrowd === true) {
      crowds++;
      continue;
    }
    const image = isId(imageId) ? images.get(imageId) : undefined;
    const label = isId(categoryId) ? categories.get(categoryId) : undefined;
    if (image === undefined) refuse(at, `is of image_id ${show(imageId)}, which no image has`);
    if (label === undefined) refuse(at, `is of category_id ${show(categoryId)}, which no category has`);
    const box = readBox(bbox, at, refuse);
    if (label !== undefined) used.add(label);
    if (image !== undefined && label !== undefined && box !== undefined) image.objects.push({ label, box, at });
  }
  return {
    images: [...images.values()],
    unused: [...new Set(categories.values())].filter((label) => !used.has(label)),
    crowds,
    faults,
  };
}

type Id = number | string;
type Refuse = (path: string, message: string, kind?: DatasetFault["kind"]) => void;
type OpenImage = CocoImage & { objects: CocoObject[] };

function readLists(
  text: string,
  file: string,
  refuse: Refuse,
): Record<"images" | "annotations" | "categories", unknown[]> {
  const empty = { images: [], annotations: [], categories: [] };
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    refuse(file, `is no JSON: ${(error as Error).message}`);
    return empty;
  }
  if (!isObject(value)) {
    refuse(file, `is ${show(value)}, wanted an object with images, annotations and categories`);
    return empty;
  }
  const { images, annotations, categories } = value;
  const list = (name: keyof typeof empty, found: unknown): unknown[] => {
    if (Array.isArray(found)) return found;
    refuse(
      file,
      `has ${found === undefined ? "no" : "another kind of"} \`${name}\`, wanted a list as COCO's format has it`,
    );
    return [];
  };
  return {
    images: list("images", images),
    annotations: list("annotations", annotations),
    categories: list("categories", categories),
  };
}

function readCategories(values: readonly unknown[], at: string, refuse: Refuse): Map<Id, string> {
  const categories = new Map<Id, string>();
  for (const [index, value] of values.entries()) {
    const place = `${at}[${index}]`;
    const { id, name } = isObject(value) ? value : {};
    if (!isId(id)) refuse(place, `has the id ${show(id)}, wanted a number`);
    else if (categories.has(id)) refuse(place, `has the id ${id}, as a category before it`, "duplicate");
    else if (typeof name !== "string" || name.trim() === "") refuse(place, `has the name ${show(name)}, wanted a text`);
    else categories.set(id, name);
  }
  return categories;
}

function readImages(values: readonly unknown[], at: string, refuse: Refuse): Map<Id, OpenImage> {
  const images = new Map<Id, OpenImage>();
  const names = new Set<string>();
  for (const [index, value] of values.entries()) {
    const place = `${at}[${index}]`;
    const { id, file_name: name, width, height } = isObject(value) ? value : {};
    if (!isId(id)) refuse(place, `has the id ${show(id)}, wanted a number`);
    else if (images.has(id)) refuse(place, `has the id ${id}, as an image before it`, "duplicate");
    else if (typeof name !== "string" || name === "") refuse(place, `has the file_name ${show(name)}, wanted a path`);
    else if (names.has(normalise(name)))
      refuse(place, `has the file_name ${show(name)}, as an image before it`, "duplicate");
    else if (!isInside(name))
      refuse(place, `has the file_name ${show(name)}, which leads out of the folder of the images`, "outside");
    else {
      names.add(normalise(name));
      const size = isSide(width) && isSide(height) ? { width, height } : undefined;
      if (size === undefined && (width !== undefined || height !== undefined))
        refuse(place, `is ${show(width)} × ${show(height)} pixels, wanted whole numbers over 0`);
      images.set(id, { name: normalise(name), size, objects: [], at: place });
    }
  }
  return images;
}

function readBox(value: unknown, at: string, refuse: Refuse): CocoObject["box"] | undefined {
  const numbers = Array.isArray(value) && value.length === 4 && value.every((each) => Number.isFinite(each));
  if (!numbers) {
    refuse(at, `has the bbox ${show(value)}, wanted [x, y, width, height] in pixels`, "box");
    return undefined;
  }
  const [x, y, width, height] = value as [number, number, number, number];
  if (width > 0 && height > 0) return [x, y, width, height];
  refuse(at, `has an empty bbox ${show(value)}: its width and height must be over 0`, "box");
  return undefined;
}

/** Tools write numbers; some write texts. */
function isId(value: unknown): value is Id {
  return Number.isSafeInteger(value) || (typeof value === "string" && value !== "");
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}

function normalise(name: string): string {
  return name.replaceAll("\\", "/").replaceAll(/(?:^|(?<=\/))(?:\.?\/)+/g, "");
}

function isInside(name: string): boolean {
  const path = name.replaceAll("\\", "/");
  return !path.startsWith("/") && !/^[a-z]:/i.test(path) && !path.split("/").includes("..") && !path.includes("\0");
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
