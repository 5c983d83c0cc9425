/** @file Packages of npm as folders: those installed beside this one, and those for other platforms, fetched once by npm itself. */
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { ignoreMissing } from "../../base/files.ts";
import type { Report } from "../../base/progress.ts";
import { digestOf } from "../../base/digest.ts";
import { fromFile } from "../../oci/blob-source.ts";
import { parseNote, usingCache } from "../cache/folder.ts";
import { archiveBroken, packageMismatch, packageMissing } from "../errors.ts";
import { measure } from "../hash.ts";
import { stampFile } from "../tar/file-entry.ts";
import { readTar } from "../tar/read.ts";
import { pins, type Pin } from "./pins.ts";

export interface PackageOptions {
  cache: string;
  report?: Report | undefined;
  /** Where installed packages are looked for; this module's surroundings otherwise. */
  from?: string;
  /** Default: those of this release. */
  pins?: readonly Pin[];
  /** Fetches the archive of `name@version` into a folder and gives its path. Default: `npm pack`. */
  fetch?: (spec: string, folder: string) => Promise<string>;
}

/** The folder of an installed package. Throws `packageMissing`. */
export function findInstalled(name: string, from: string = import.meta.url): string {
  const folder = lookUp(name, from);
  if (folder === undefined)
    throw packageMissing({ name, version: "*", why: "it is a dependency of slipway, yet not installed" });
  return folder;
}

/**
 * The folder of a pinned package: installed in the pinned version, or in the cache, or fetched into it. Only `files` (paths in
 * the package) are kept there. Throws `packageMissing`, `packageMismatch`.
 */
export async function openPinned(name: string, files: readonly string[], options: PackageOptions): Promise<string> {
  const pin = (options.pins ?? pins).find((one) => one.name === name);
  if (pin === undefined) throw packageMissing({ name, version: "?", why: "this release knows no such package" });
  const installed = lookUp(name, options.from ?? import.meta.url);
  if (installed !== undefined && readVersion(installed) === pin.version) return installed;
  const folder = join(options.cache, "packages", `${name.replace("/", "+")}@${pin.version}`);
  return usingCache(options.cache, async () => {
    if (!(await isWhole(folder, files))) await fetchPinned(pin, files, folder, options);
    return folder;
  });
}

export function readVersion(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
}

/** By walking up, as Node does: exports may hide package.json from `require.resolve`. */
function lookUp(name: string, from: string): string | undefined {
  const paths = createRequire(from).resolve.paths(name) ?? [];
  return paths.map((path) => join(path, name)).find((folder) => existsSync(join(folder, "package.json")));
}

/** What was unpacked, by digest, and the stamps that spare reading it again. */
type Notes = Record<string, { digest: string; stamp: string }>;

const notesFile = "slipway.json";

/** False where a file is missing or was changed since it was unpacked. Copied to another machine, it is as whole as it was. */
async function isWhole(folder: string, files: readonly string[]): Promise<boolean> {
  const text = await readFile(join(folder, notesFile), "utf8").catch(ignoreMissing);
  const notes = parseNote(text) as Notes | undefined;
  if (notes === undefined) return false;
  for (const path of files) {
    const note = notes[path];
    if (note === undefined || !existsSync(join(folder, path))) return false;
    const { size, stamp } = await stampFile(join(folder, path));
    if (stamp === note.stamp) continue;
    if ((await measure(fromFile(join(folder, path), size))).digest !== note.digest) return false;
    note.stamp = stamp;
  }
  const now = JSON.stringify(notes);
  if (now !== text) await writeFile(join(folder, notesFile), now);
  return true;
}

async function fetchPinned(pin: Pin, files: readonly string[], folder: string, options: PackageOptions): Promise<void> {
  const { name, version, integrity } = pin;
  const spec = `${name}@${version}`;
  options.report?.({ step: "image", label: `fetch ${spec}` });
  await mkdir(dirname(folder), { recursive: true });
  const scratch = await mkdtemp(join(dirname(folder), "fetch-"));
  try {
    const archive = await (options.fetch ?? npmPack)(spec, scratch).catch((error: unknown) => {
      throw packageMissing({ name, version, why: firstLine(error) }, { cause: error });
    });
    const bytes = await readFile(archive);
    const seen = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    if (seen !== integrity) throw packageMismatch({ name, version, seen, wanted: integrity });
    const draft = join(scratch, "package");
    await unpack(bytes, spec, files, draft);
    await replaceFolder(draft, folder, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Moves what was there aside first. Of two processes that do so at once, the later has the last word: the files are the same. */
async function replaceFolder(draft: string, folder: string, scratch: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    if (existsSync(folder)) await rename(folder, join(scratch, randomBytes(4).toString("hex"))).catch(ignoreMissing);
    try {
      await rename(draft, folder);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (tries > 3 || (code !== "ENOTEMPTY" && code !== "EEXIST")) throw error;
    }
  }
}

async function unpack(archive: Uint8Array, spec: string, files: readonly string[], folder: string): Promise<void> {
  const wanted = new Set(files);
  const notes: Notes = {};
  for (const entry of readTar(gunzipSync(archive), spec)) {
    // npm's archives have one folder above all files; it is mostly named `package`.
    const path = entry.path.slice(entry.path.indexOf("/") + 1);
    if (entry.kind !== "file" || !wanted.delete(path)) continue;
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, entry.bytes);
    notes[path] = { digest: digestOf(entry.bytes), stamp: (await stampFile(file)).stamp };
  }
  if (wanted.size > 0) throw archiveBroken({ file: spec, why: `it lacks ${[...wanted].join(", ")}` });
  await writeFile(join(folder, notesFile), JSON.stringify(notes));
}

async function npmPack(spec: string, folder: string): Promise<string> {
  // npm tells its own place to the programs it runs; otherwise it is the one on the PATH.
  const own = process.env["npm_execpath"] ?? "";
  const [program, ...first] = own.endsWith("npm-cli.js")
    ? [process.execPath, own]
    : [process.platform === "win32" ? "npm.cmd" : "npm"];
  await promisify(execFile)(
    program,
    [...first, "pack", spec, "--pack-destination", folder, "--ignore-scripts", "--silent"],
    { cwd: folder, timeout: 300_000, shell: process.platform === "win32" },
  );
  const archive = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
  if (archive === undefined) throw new Error("npm pack wrote no archive");
  return join(folder, archive);
}

function firstLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  const lines = `${stderr ?? ""}\n${message ?? String(error)}`.split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "") ?? "npm failed";
}
