import { readFile } from "node:fs/promises";
import { fileMissing } from "./errors.ts";

/** All of them, in order. Throws `fileMissing`. */
export function readFiles(paths: readonly string[]): Promise<Uint8Array[]> {
  return Promise.all(
    paths.map(async (path) => {
      try {
        return await readFile(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") throw fileMissing({ path }, { cause: error });
        throw error;
      }
    }),
  );
}
