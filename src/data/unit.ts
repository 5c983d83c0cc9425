import type { Dataset } from "./types.ts";

/** What one of a dataset is called: `5,001 images`, `120 texts`, `4,000 rows`. */
export function unitOf({ kind }: Pick<Dataset, "kind">): "image" | "text" | "row" | "file" {
  if (kind === "images" || kind === "boxes") return "image";
  return kind === "table" ? "row" : kind;
}
