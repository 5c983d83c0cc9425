/** @file Text files of rows, as bytes: UTF-8 is checked here, with the line where it breaks. */
import { readFileSync, statSync } from "node:fs";
import { dataFileMissing } from "../errors.ts";
import type { DatasetFault } from "../types.ts";
import { reasonOf } from "../walk.ts";

/** What one JavaScript string holds with room to spare. */
const mostBytes = 512 * 1024 * 1024;

/** A whole file's text without a byte order mark; faults name the lines that are no UTF-8. Throws `dataFileMissing`. */
export function readText(path: string, name: string): { text: string; faults: DatasetFault[] } {
  let bytes: Buffer;
  try {
    const { size } = statSync(path);
    if (size > mostBytes)
      throw new Error(`it has ${size.toLocaleString("en")} bytes; at most ${mostBytes.toLocaleString("en")} are read`);
    bytes = readFileSync(path);
  } catch (error) {
    throw dataFileMissing({ path, why: reasonOf(error) }, { cause: error });
  }
  return decodeText(bytes, name);
}

export function decodeText(bytes: Uint8Array, name: string): { text: string; faults: DatasetFault[] } {
  const wide = findWideMark(bytes);
  if (wide !== undefined) {
    return { text: "", faults: [{ kind: "encoding", path: name, message: `is ${wide}, wanted UTF-8` }] };
  }
  try {
    return { text: decoder.decode(bytes), faults: [] };
  } catch {
    // Somewhere it is no UTF-8: each line alone tells where.
    return { text: "", faults: findBrokenLines(bytes, name) };
  }
}

/** A mark at the start of the text is dropped by the decoder. */
const decoder = new TextDecoder("utf-8", { fatal: true });

function findWideMark([first, second]: Uint8Array): string | undefined {
  if (first === 0xff && second === 0xfe) return "UTF-16 (little endian)";
  return first === 0xfe && second === 0xff ? "UTF-16 (big endian)" : undefined;
}

function findBrokenLines(bytes: Uint8Array, name: string): DatasetFault[] {
  const faults: DatasetFault[] = [];
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end;
    try {
      decoder.decode(bytes.subarray(from, to));
    } catch {
      faults.push({ kind: "encoding", path: `${name}:${line}`, message: "is no UTF-8" });
    }
    from = to + 1;
  }
  return faults;
}
