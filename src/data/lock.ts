/** @file `slipway.lock.json`: the dataset that a project was last agreed to be trained on, kept beside slipway.config.ts in version control. */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { hexOf, isDigest } from "../base/digest.ts";
import type { Digest } from "../base/digest.ts";
import { isObject } from "../base/json.ts";
import { lockBroken, lockUnwritable } from "./errors.ts";
import { countLabels } from "./labels.ts";
import type { BoxDataset, Dataset } from "./types.ts";
import { reasonOf } from "./walk.ts";

export const lockName = "slipway.lock.json";

export interface Lock {
  version: 1;
  /** RFC 3339, UTC. */
  lockedAt: string;
  /** The dataset's digest. */
  digest: Digest;
  count: number;
  /** Images of each label, or boxes where an image has several. */
  labels: Readonly<Record<string, number>>;
  /** The first 32 hex digits of each file's SHA-256, by path: one line a file, so that version control shows what changed. */
  files: Readonly<Record<string, string>>;
}

export function createLock(
  dataset: Pick<Dataset, "digest" | "entries" | "labels"> & Partial<Pick<BoxDataset, "boxes">>,
  lockedAt: Date,
): Lock {
  const { digest, entries } = dataset;
  return {
    version: 1,
    lockedAt: lockedAt.toISOString(),
    digest,
    count: entries.length,
    labels: countLabels(dataset),
    files: Object.fromEntries(entries.map((entry) => [entry.path, shorten(entry.digest)])),
  };
}

/** What a file's digest is in a lock. */
export function shorten(digest: Digest): string {
  return hexOf(digest, 32);
}

/** The lock of a project's folder, or undefined where there is none. Throws `lockBroken`. */
export function readLock(root: string): Lock | undefined {
  const path = join(root, lockName);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw lockBroken({ path, why: reasonOf(error) }, { cause: error });
  }
  if (/^(?:<{7}|>{7}) /m.test(text)) throw lockBroken({ path, why: "it holds the marks of an unfinished merge" });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw lockBroken({ path, why: `it is no JSON (${(error as Error).message})` }, { cause: error });
  }
  const why = findLockFault(value);
  if (why !== undefined) throw lockBroken({ path, why });
  return value as Lock;
}

/** Replaces the lock as a whole: a reader, or a crash, sees the old one or the new one. Throws `lockUnwritable`. */
export function writeLock(root: string, lock: Lock): void {
  const path = join(root, lockName);
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    const file = openSync(draft, "wx");
    try {
      writeFileSync(file, formatLock(lock));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw lockUnwritable({ path, why: reasonOf(error) }, { cause: error });
  }
}

/** Keeps a lock that another one takes the place of: it still knows which label each file had. */
export function keepLock(root: string, lock: Lock): void {
  const folder = join(root, ...keptFolder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${hexOf(lock.digest, 16)}.json`), formatLock(lock));
}

/** Locks that others took the place of, the newest first. One that cannot be read is left out: the audit does without it. */
export function listKeptLocks(root: string): Lock[] {
  const folder = join(root, ...keptFolder);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .flatMap((name): Lock[] => {
      try {
        const value: unknown = JSON.parse(readFileSync(join(folder, name), "utf8"));
        return findLockFault(value) === undefined ? [value as Lock] : [];
      } catch {
        return [];
      }
    })
    .toSorted((a, b) => (a.lockedAt < b.lockedAt ? 1 : -1));
}

const keptFolder = [".slipway", "locks"];

/** One line a file and a label. */
export function formatLock(lock: Lock): string {
  return `${JSON.stringify(lock, null, 1)}\n`;
}

/** What keeps a value from being a lock. */
function findLockFault(value: unknown): string | undefined {
  if (!isObject(value)) return "it is no JSON object";
  const { version, lockedAt, digest, count, labels, files } = value;
  if (version !== 1) return `its version is ${JSON.stringify(version)}, wanted 1`;
  if (typeof lockedAt !== "string" || Number.isNaN(Date.parse(lockedAt))) return "`lockedAt` is no time";
  if (typeof digest !== "string" || !isDigest(digest)) return "`digest` is no sha256 digest";
  if (!isObject(labels) || !Object.values(labels).every((images) => Number.isInteger(images)))
    return "`labels` does not count images by label";
  if (!isObject(files)) return "`files` is no object";
  const wrong = Object.entries(files).find(([, short]) => typeof short !== "string" || !/^[0-9a-f]{32}$/.test(short));
  if (wrong !== undefined) return `the digest of ${JSON.stringify(wrong[0])} is not 32 hex digits`;
  const listed = Object.keys(files).length;
  if (count !== listed) return `\`count\` is ${JSON.stringify(count)}, but ${listed} files are listed`;
  return undefined;
}
