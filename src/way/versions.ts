import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { locatePath } from "../base/locate.ts";

/** Versions that take part in a run: kept in its lineage. */
export function readVersions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  return {
    slipway: readVersion(locatePath(import.meta.url, "../../package.json", "../package.json")),
    node: process.versions.node,
    // Its exports hide package.json; the entry lies in dist/.
    onnxruntime: readVersion(join(dirname(require.resolve("onnxruntime-node")), "..", "package.json")),
  };
}

function readVersion(path: string): string {
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
