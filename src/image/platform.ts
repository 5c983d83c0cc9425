import { platformUnknown } from "./errors.ts";
import type { Platform } from "./types.ts";

/** All platforms that images are made for, in the order in which an index lists them. */
export const platforms: readonly Platform[] = [
  { os: "linux", architecture: "amd64" },
  { os: "linux", architecture: "arm64" },
];

export function printPlatform({ os, architecture }: { os: string; architecture: string }): string {
  return `${os}/${architecture}`;
}

/** Reads `linux/arm64`. Throws `platformUnknown`. */
export function parsePlatform(text: string): Platform {
  const found = platforms.find((platform) => printPlatform(platform) === text);
  if (found === undefined) throw platformUnknown({ platform: text, known: platforms.map(printPlatform) });
  return found;
}

/** What Node and npm call the architecture. */
export function nodeArchitecture({ architecture }: Platform): "x64" | "arm64" {
  return architecture === "amd64" ? "x64" : "arm64";
}

/** Linux on this machine's processor: what runs in its containers, on macOS and Windows too. */
export function herePlatform(architecture: string = process.arch): Platform {
  return parsePlatform(`linux/${architecture === "x64" ? "amd64" : architecture}`);
}
