/**
 * @file One writer at a time, over processes. Node has no flock; a lock file with a process id can be taken over wrongly (the id
 * is used anew, or belongs to another container). SQLite, which is part of Node, takes the kernel's own lock on a file: it
 * goes when its process ends, however it ends, so nothing is ever stale. The database itself holds nothing.
 */
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../base/errors.ts";
import { storeLocked, storeNotLockable } from "../errors.ts";

const busy = 5; // SQLITE_BUSY

/** Runs `work` while no other process, and nobody else in this one, runs work under the same file. Throws `storeLocked`, `storeNotLockable`. */
export async function withLock<T>(file: string, work: () => Promise<T>, { timeoutSeconds = 60 } = {}): Promise<T> {
  const release = await acquire(file, timeoutSeconds);
  try {
    return await work();
  } finally {
    release();
  }
}

async function acquire(file: string, timeoutSeconds: number): Promise<() => void> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 1.5, 25)) {
    const release = tryAcquire(file);
    if (release !== undefined) return release;
    if (performance.now() > deadline) throw storeLocked({ file, seconds: timeoutSeconds });
    // Unequal pauses, so that waiting processes do not knock in step.
    await sleep(pauseMs * (0.5 + Math.random()));
  }
}

function tryAcquire(file: string): (() => void) | undefined {
  let database: DatabaseSync | undefined;
  try {
    const opened = new (loadDatabase())(file, { timeout: 0 });
    database = opened;
    opened.exec("BEGIN IMMEDIATE");
    // Closing ends the transaction and frees the lock.
    return () => opened.close();
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === busy) return undefined;
    throw storeNotLockable({ file, why: messageOf(error) }, { cause: error });
  }
}

let loaded: typeof DatabaseSync | undefined;

/** Node 22 warns that SQLite is experimental: no news for whoever runs a command, and only its locks are used here. */
function loadDatabase(): typeof DatabaseSync {
  if (loaded !== undefined) return loaded;
  const warn = process.emitWarning.bind(process);
  process.emitWarning = () => {};
  try {
    loaded = process.getBuiltinModule("node:sqlite").DatabaseSync;
  } finally {
    process.emitWarning = warn;
  }
  return loaded;
}
