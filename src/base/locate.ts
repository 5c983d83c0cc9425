import { fileURLToPath } from "node:url";

/**
 * Where a file that is started by path (worker, server) or read at run time (WASM, page) lies. In the source tree it is
 * `source`, relative to the module that asks; in the built package everything is flat beside the chunk, under `built`.
 */
export function locate(moduleUrl: string, source: string, built: string): URL {
  return new URL(moduleUrl.endsWith(".ts") ? source : `./${built}`, moduleUrl);
}

export function locatePath(moduleUrl: string, source: string, built: string): string {
  return fileURLToPath(locate(moduleUrl, source, built));
}
