import { createChecker, isText } from "../check.ts";
import type { IdxSource } from "../types.ts";

export interface IdxOptions {
  /** Path, relative to the project's folder, or http(s) URL of the images: `train-images-idx3-ubyte.gz`. */
  images: string;
  /** The same for the labels: `train-labels-idx1-ubyte.gz`. */
  labels: string;
  /** Names of the labels 0, 1, …: `["T-shirt/top", "trouser", …]`. Default: their numbers. */
  names?: readonly string[];
  /** Read only so many images from the start of the files. Default: all. */
  limit?: number;
}

/**
 * Grey images in the IDX format of MNIST, Fashion-MNIST and their kin: two files, gzipped or not, on disk or at a URL (downloaded once).
 * Throws `sourceArgument` for an unknown or wrong option.
 */
export function idx(options: IdxOptions): IdxSource {
  const { check, keys } = createChecker("idx");
  keys(options, ["images", "labels", "names", "limit"], '{ images: "train-images-idx3-ubyte.gz", labels: "…" }');
  const { images, labels, names = [], limit = 0 } = options;
  check("images", images, "the path or URL of an IDX file of images", isText(images));
  check("labels", labels, "the path or URL of an IDX file of labels", isText(labels));
  const named = Array.isArray(names) && names.every(isText) && new Set(names).size === names.length;
  check("names", names, "a list of different names", named);
  check("limit", limit, "a whole number of at least 1, or 0 for all", Number.isInteger(limit) && limit >= 0);
  return { kind: "idx", images, labels, names: [...names], limit };
}
