/** @file What `slipway data lock`, `status` and `diff` do, and what `up` asks before it trains. Plain values in and out; nothing is printed. */
import type { Digest } from "../base/digest.ts";
import { compareLock, countDifferences } from "./compare.ts";
import type { Difference } from "./compare.ts";
import { describeDifference } from "./describe.ts";
import { lockBroken, lockDiffers } from "./errors.ts";
import { createLock, keepLock, lockName, readLock, writeLock } from "./lock.ts";
import type { Lock } from "./lock.ts";
import type { Dataset } from "./types.ts";
import { unitOf } from "./unit.ts";

export interface DatasetStatus {
  /** `unlocked`: there is no lock. `same`: the files are those of the lock. `differs`: they are not. */
  state: "unlocked" | "same" | "differs";
  digest: Digest;
  count: number;
  labels: Readonly<Record<string, number>>;
  /** Of the lock, where there is one. */
  locked?: Pick<Lock, "lockedAt" | "digest" | "count" | "labels">;
  /** How many files differ; 0 unless `differs`. */
  differences: number;
  /** For people, a line for each kind of difference. */
  lines: readonly string[];
}

/** `slipway data status`. Throws `lockBroken`. */
export function datasetStatus(dataset: Dataset, root: string): DatasetStatus {
  const { digest, count, labels } = createLock(dataset, new Date());
  const lock = readLock(root);
  if (lock === undefined) return { state: "unlocked", digest, count, labels, differences: 0, lines: [] };
  const difference = differenceFrom(lock, dataset, root);
  const { lockedAt, digest: lockedDigest, count: lockedCount, labels: lockedLabels } = lock;
  return {
    state: difference === undefined ? "same" : "differs",
    digest,
    count,
    labels,
    locked: { lockedAt, digest: lockedDigest, count: lockedCount, labels: lockedLabels },
    differences: difference === undefined ? 0 : countDifferences(difference),
    lines: difference === undefined ? [] : describeDifference(difference, undefined, unitOf(dataset)),
  };
}

export interface DatasetDiff {
  /** When the lock was made; missing where there is none, and every file counts as added. */
  lockedAt?: string;
  difference: Difference;
  /** For people, with every path. */
  lines: readonly string[];
}

/** `slipway data diff`: all of what changed since the lock. Throws `lockBroken`. */
export function datasetDiff(dataset: Dataset, root: string): DatasetDiff {
  const lock = readLock(root);
  const difference = compareLock(lock ?? { files: {} }, dataset);
  return {
    ...(lock !== undefined && { lockedAt: lock.lockedAt }),
    difference,
    lines: describeDifference(difference, Infinity, unitOf(dataset)),
  };
}

export interface LockResult {
  /** `kept`: the lock was already that of these files, and was not touched. */
  state: "made" | "replaced" | "kept";
  lock: Lock;
  /** What the new lock accepts, for people; empty unless replaced. */
  lines: readonly string[];
}

/** `slipway data lock`: makes the files as they are the project's dataset. A broken lock is replaced too. Throws `lockUnwritable`. */
export function lockDataset(dataset: Dataset, root: string): LockResult {
  const previous = readLockIfWhole(root);
  if (previous?.digest === dataset.digest && countDifferences(compareLock(previous, dataset)) === 0) {
    return { state: "kept", lock: previous, lines: [] };
  }
  const lock = createLock(dataset, new Date());
  // Kept first: were this to fail, the old lock would still stand.
  if (previous !== undefined) keepLock(root, previous);
  writeLock(root, lock);
  if (previous === undefined) return { state: "made", lock, lines: [] };
  return {
    state: "replaced",
    lock,
    lines: describeDifference(compareLock(previous, dataset), undefined, unitOf(dataset)),
  };
}

/**
 * What `up` asks before it goes on. Without a lock, one is made (`made: true`, to be said); with one, the files must be its own. The
 * lock of growing rows takes in new ones (`grown` says how many), as long as nothing that was locked is gone or changed. Throws `lockDiffers` with what changed, `lockBroken` or `lockUnwritable`.
 */
export function holdLock(dataset: Dataset, root: string): { made: boolean; grown: number; lock: Lock } {
  const lock = readLock(root);
  if (lock === undefined) return { made: true, grown: 0, lock: lockDataset(dataset, root).lock };
  const difference = differenceFrom(lock, dataset, root);
  if (difference === undefined) return { made: false, grown: 0, lock };
  const grown = difference.added.length;
  if ("growing" in dataset.source && dataset.source.growing && countDifferences(difference) === grown)
    return { made: false, grown, lock: lockDataset(dataset, root).lock };
  throw lockDiffers({
    lockedAt: lock.lockedAt,
    locked: lock.digest,
    seen: dataset.digest,
    lines: describeDifference(difference, undefined, unitOf(dataset)),
  });
}

/** Undefined where the files are those of the lock. The digest and the list of files must tell the same: a hand or a merge may have parted them. */
function differenceFrom(lock: Lock, dataset: Dataset, root: string): Difference | undefined {
  const difference = compareLock(lock, dataset);
  const differs = countDifferences(difference) > 0;
  if (differs === (lock.digest === dataset.digest)) {
    throw lockBroken({ path: `${root}/${lockName}`, why: "its digest does not belong to its list of files" });
  }
  return differs ? difference : undefined;
}

function readLockIfWhole(root: string): Lock | undefined {
  try {
    return readLock(root);
  } catch {
    // It is about to be replaced; what it held cannot be told.
    return undefined;
  }
}
