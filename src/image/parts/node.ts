import { join } from "node:path";
import { nodeArchitecture } from "../platform.ts";
import type { TarEntry } from "../tar/entry.ts";
import { fileEntry } from "../tar/file-entry.ts";
import type { Platform } from "../types.ts";
import { openPinned, type PackageOptions } from "./packages.ts";

/** In the image. */
export const nodePath = "usr/local/bin/node";

export interface Node {
  /** On this machine. */
  file: string;
  entries: readonly TarEntry[];
}

/** The Node that runs here, for the target platform: its program and its licence, nothing else of the package. */
export async function openNode(platform: Platform, options: PackageOptions): Promise<Node> {
  const folder = await openPinned(
    `node-linux-${nodeArchitecture(platform)}`,
    ["bin/node", "LICENSE", "package.json"],
    options,
  );
  const file = join(folder, "bin", "node");
  return {
    file,
    entries: [
      await fileEntry(nodePath, file, 0o755),
      await fileEntry("usr/local/share/licenses/node/LICENSE", join(folder, "LICENSE")),
    ],
  };
}
