import { fieldEmpty, fieldMissing, fieldRepeated } from "../errors.ts";
import { parseBoundary } from "./boundary.ts";
import { parseForm } from "./parse-form.ts";
import { parseSinglePart } from "./parse-single.ts";
import type { Part } from "./types.ts";

/** More than any honest client sends with one file. */
const maxParts = 16;

/**
 * The bytes of the one file that the form must have in `field`; other plain fields are left aside. Gives bytes at once for
 * the usual form, a promise for the unusual. Throws (or rejects with) an error of http/errors.ts that names what was seen.
 */
export function readFile(
  body: Buffer,
  contentType: string | undefined,
  field: string,
): Uint8Array | Promise<Uint8Array> {
  const boundary = parseBoundary(contentType);
  const single = parseSinglePart(body, boundary);
  if (single !== undefined) return pick([single], field);
  return parseForm(body, contentType ?? "", { parts: maxParts }).then((parts) => pick(parts, field));
}

function pick(parts: readonly Part[], field: string): Uint8Array {
  const wanted = `multipart/form-data with one image file in the field "${field}"`;
  const found = parts.filter(({ name }) => name === field);
  if (found.length > 1) throw fieldRepeated({ field, wanted });
  const [part] = found;
  if (part === undefined) throw fieldMissing({ field, seen: parts.map(({ name }) => name.slice(0, 60)), wanted });
  if (part.content.length === 0) throw fieldEmpty({ field, wanted });
  return part.content;
}
