/** @file The server's bundle with the native parts for one platform: everything that is the same for all projects. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { locatePath } from "../../base/locate.ts";
import { bundleMissing, packageMissing } from "../errors.ts";
import { nodeArchitecture } from "../platform.ts";
import { textEntry, type TarEntry } from "../tar/entry.ts";
import { fileEntry } from "../tar/file-entry.ts";
import type { Platform } from "../types.ts";
import { findInstalled, openPinned, readVersion, type PackageOptions } from "./packages.ts";

export interface Runtime {
  /** Native parts, on this machine: what the base must have libraries for. */
  programs: readonly string[];
  entries: readonly TarEntry[];
}

/** Folder of the server in the image. */
export const appFolder = "app";

/** Throws `bundleMissing`, `packageMissing`, `packageMismatch`. */
export async function openRuntime(platform: Platform, options: PackageOptions): Promise<Runtime> {
  const parts = [await collectServer(), await collectOnnxRuntime(platform), await collectDecoder(platform, options)];
  return { entries: parts.flatMap(({ entries }) => entries), programs: parts.flatMap(({ programs }) => programs) };
}

async function collectServer(): Promise<Runtime> {
  const bundle = locatePath(import.meta.url, "../../../dist/server.js", "server.js");
  const page = locatePath(import.meta.url, "../../../dist/web/playground.html", "web/playground.html");
  const own = locatePath(import.meta.url, "../../..", "..");
  for (const path of [bundle, page]) if (!existsSync(path)) throw bundleMissing({ path });
  const entries = [
    await fileEntry(`${appFolder}/server.js`, bundle),
    await fileEntry(`${appFolder}/web/playground.html`, page),
    // Without `type`, Node would take the bundle for CommonJS. The name and version are for scanners.
    textEntry(
      `${appFolder}/package.json`,
      `${JSON.stringify({ name: "slipway", version: readVersion(own), type: "module", private: true })}\n`,
    ),
  ];
  return { entries, programs: [] };
}

/** Only what runs on the CPU of this platform: the package holds five platforms, and GPU libraries for some. */
async function collectOnnxRuntime(platform: Platform): Promise<Runtime> {
  const folder = findInstalled("onnxruntime-node");
  const common = findInstalled("onnxruntime-common", join(folder, "package.json"));
  const native = join("bin", "napi-v6", platform.os, nodeArchitecture(platform));
  const natives = ["onnxruntime_binding.node", "libonnxruntime.so.1"].map((name) => join(native, name));
  for (const path of natives)
    if (!existsSync(join(folder, path)))
      throw packageMissing({ name: "onnxruntime-node", version: readVersion(folder), why: `it has no ${path}` });
  const entries = [
    ...(await pick(folder, "onnxruntime-node", ["package.json", ...(await listScripts(folder, "dist")), ...natives])),
    ...(await pick(common, "onnxruntime-common", [
      "package.json",
      join("dist", "cjs", "package.json"),
      ...(await listScripts(common, join("dist", "cjs"))),
    ])),
  ];
  return { entries, programs: natives.map((path) => join(folder, path)) };
}

async function collectDecoder(platform: Platform, options: PackageOptions): Promise<Runtime> {
  const target = `linux-${nodeArchitecture(platform)}-gnu`;
  const name = `@napi-rs/image-${target}`;
  const native = `image.${target}.node`;
  const folder = findInstalled("@napi-rs/image");
  const platformFolder = await openPinned(name, ["package.json", native], {
    from: join(folder, "package.json"),
    ...options,
  });
  const entries = [
    ...(await pick(folder, "@napi-rs/image", ["package.json", "index.js", "LICENSE"])),
    ...(await pick(platformFolder, name, ["package.json", native])),
  ];
  return { entries, programs: [join(platformFolder, native)] };
}

async function pick(folder: string, name: string, files: readonly string[]): Promise<TarEntry[]> {
  return Promise.all(
    files.map((file) =>
      fileEntry(
        `${appFolder}/node_modules/${name}/${file.replaceAll("\\", "/")}`,
        join(folder, file),
        /\.(node|so[.\d]*)$/.test(file) ? 0o755 : 0o644,
      ),
    ),
  );
}

async function listScripts(folder: string, inner: string): Promise<string[]> {
  return (await readdir(join(folder, inner))).filter((name) => name.endsWith(".js")).map((name) => join(inner, name));
}
