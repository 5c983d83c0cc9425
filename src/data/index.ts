/** @file `slipway/data`: what a project file says about its data. Plain values; nothing is read here. */
import { createChecker } from "./check.ts";
import type { ImageFolderSource } from "./types.ts";

export { coco, type CocoOptions } from "./coco/define.ts";
export { idx, type IdxOptions } from "./idx/define.ts";
export { csv, jsonl, rows } from "./rows/define.ts";
export type { CsvOptions, RowColumns, RowsOptions, TableColumns, TextColumns } from "./rows/define.ts";
export { labelAudit, type LabelAudit } from "./audit/define.ts";
export { pctChange, rollingMean, rollingStd } from "./features.ts";
export type {
  CocoSource,
  CsvSource,
  DataSource,
  Dataset,
  DatasetEntry,
  IdxSource,
  ImageFolderSource,
  JsonlSource,
  LoadRows,
  LoadRowsContext,
  Row,
  RowsSource,
} from "./types.ts";

export interface ImageFolderOptions {
  /** Height and width in pixels that the model sees, for example `[28, 28]`. */
  size: readonly [height: number, width: number];
  /** 1: grey. 3: colour. Images are converted. Default: 3. */
  channels?: 1 | 3;
  /**
   * What becomes of an image of another size. `"refuse"` (default) names every such file; `"resize"` stretches it to `size`, without
   * keeping its proportions.
   */
  otherSizes?: "refuse" | "resize";
}

/**
 * A folder of images, one folder a label: `imageFolder("data", { size: [28, 28], channels: 1 })` reads `data/<label>/<name>.jpg` (or
 * .jpeg, .png, .webp), relative to the project's folder. Throws `sourceArgument` for an unknown or wrong option.
 */
export function imageFolder(path: string, options: ImageFolderOptions): ImageFolderSource {
  const { check, keys } = createChecker("imageFolder");
  check("path", path, "the name of a folder", typeof path === "string" && path !== "");
  keys(options, ["size", "channels", "otherSizes"], "{ size: [28, 28], channels: 1 }");
  const { size, channels = 3, otherSizes = "refuse" } = options;
  check(
    "size",
    size,
    "[height, width] in whole pixels from 1 to 16384",
    Array.isArray(size) && size.length === 2 && size.every(isSide),
  );
  check("channels", channels, "1 (grey) or 3 (colour)", channels === 1 || channels === 3);
  check("otherSizes", otherSizes, '"refuse" or "resize"', otherSizes === "refuse" || otherSizes === "resize");
  return { kind: "imageFolder", path, size: [size[0], size[1]], channels, otherSizes };
}

function isSide(side: unknown): boolean {
  return Number.isInteger(side) && (side as number) >= 1 && (side as number) <= 16_384;
}
