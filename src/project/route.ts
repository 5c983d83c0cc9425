import type { ImageField } from "./types.ts";

/** A multipart field that holds an image file: JPEG or PNG. `input: { file: image() }`. */
export function image(): ImageField {
  return { kind: "image" };
}
