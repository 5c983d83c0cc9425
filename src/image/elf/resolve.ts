/** @file Which of this machine's libraries programs need, as the loader would find them. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { libraryMissing } from "../errors.ts";
import type { Platform } from "../types.ts";
import { readElfFile } from "./file.ts";
import type { Elf } from "./read.ts";

export interface Library {
  /** The name that it is asked for: `libstdc++.so.6`. */
  name: string;
  /** On this machine. */
  file: string;
  /** Folder in the image, where the loader looks without being told: `lib/x86_64-linux-gnu`. */
  folder: string;
}

export interface Libraries {
  /** Sorted by name. */
  libraries: readonly Library[];
  /** Path of the loader in the image, without the leading slash. */
  loader: string | undefined;
}

/** glibc opens these by name when host names and accounts are looked up; from 2.34 on most are part of libc itself. */
const openedByName = ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"];

/**
 * Everything that `programs` need, and what that needs. Libraries that a program finds beside itself (`$ORIGIN`) are followed, but
 * not listed: whoever brings the program brings them. Throws `libraryMissing`, `elfInvalid`.
 */
export function resolveLibraries(programs: readonly string[], platform: Platform, root = "/"): Libraries {
  const machine = platform.architecture === "amd64" ? "x86_64" : "aarch64";
  const places = listPlaces(machine, root);
  const found = new Map<string, Library>();
  const seen = new Set<string>();
  let loader: string | undefined;

  const follow = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const elf = readElfFile(file);
    loader ??= elf.interpreter?.slice(1);
    for (const name of elf.needed) {
      const beside = findBeside(name, file, elf);
      if (beside !== undefined) follow(beside);
      else if (!found.has(name)) add(name, file);
    }
  };
  const add = (name: string, neededBy: string | undefined): void => {
    const place = places.find(({ folder }) => isFor(join(folder, name), machine));
    if (place !== undefined) {
      const file = join(place.folder, name);
      found.set(name, { name, file, folder: place.inImage });
      follow(file);
    } else if (neededBy !== undefined)
      throw libraryMissing({
        library: name,
        neededBy,
        architecture: platform.architecture,
        folders: places.map(({ folder }) => folder),
      });
  };
  for (const program of programs) follow(program);
  for (const name of openedByName) if (!found.has(name)) add(name, undefined);
  return { libraries: [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)), loader };
}

interface Place {
  folder: string;
  inImage: string;
}

/** The loader's own folders: Debian's first, Fedora's next; last where Debian keeps libraries of other architectures for cross-compiling. */
function listPlaces(machine: string, root: string): Place[] {
  const triple = `${machine}-linux-gnu`;
  const own = [`lib/${triple}`, `usr/lib/${triple}`, "lib64", "usr/lib64", "lib", "usr/lib"];
  return [
    ...own.map((folder) => ({ folder: join(root, folder), inImage: folder })),
    { folder: join(root, "usr", triple, "lib"), inImage: `lib/${triple}` },
  ];
}

function findBeside(name: string, file: string, { runpath }: Elf): string | undefined {
  return runpath
    .filter((path) => path.includes("ORIGIN"))
    .map((path) => join(path.replace(/\$(ORIGIN|\{ORIGIN\})/, dirname(file)), name))
    .find((path) => existsSync(path));
}

/** A library of another architecture under the same name is passed over, as the loader does. */
function isFor(file: string, machine: string): boolean {
  return existsSync(file) && readElfFile(file).machine === machine;
}
