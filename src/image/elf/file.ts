import { closeSync, openSync, readSync } from "node:fs";
import { fileUnreadable } from "../errors.ts";
import { readElf, type Elf } from "./read.ts";

/** Reads the few parts of a file that matter, however large it is. Throws `elfInvalid`, `fileUnreadable`. */
export function readElfFile(path: string): Elf {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw fileUnreadable({ path, why: (error as Error).message }, { cause: error });
  }
  try {
    return readElf((offset, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
    }, path);
  } finally {
    closeSync(file);
  }
}
