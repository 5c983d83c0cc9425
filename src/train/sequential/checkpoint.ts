/** @file What a run needs to go on to the same result as if it had never stopped. One file, written whole or not at all. */
import { createHash, randomBytes } from "node:crypto";
import { glob, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Digest } from "../../base/digest.ts";
import { checkpointBroken, checkpointNotWritten, checkpointOfOtherInputs } from "../errors.ts";
import type { EpochRecord } from "../types.ts";
import type { Engine } from "./create-step.ts";

export interface Position {
  /** Where to go on: epoch and step, both from 0. */
  epoch: number;
  step: number;
  /** Of the epoch begun: the sum of its steps' losses, and the seconds it took so far. */
  lossSum: number;
  seconds: number;
}

export interface Checkpoint extends Position {
  /** Digest of data, split and settings. A run of others is not continued. */
  inputs: Digest;
  /** Layout and rounding depend on them, so a continued run takes them from here. */
  engine: Engine;
  workers: number;
  history: readonly EpochRecord[];
  /** The epoch whose parameters are `best`; only with `keep: "best"`. */
  bestEpoch?: number;
  /** In the engine's layout; `statistics` of each worker, one after the other. */
  arrays: { parameters: Float32Array; states: Float32Array; statistics: Float32Array; best: Float32Array };
}

const magic = "slipway checkpoint 1\n";

export function checkpointPath(workspace: string): string {
  return join(workspace, "checkpoint.bin");
}

/**
 * File: magic line, the head's length (u32), the head as JSON, the arrays as they lie in memory (little-endian), SHA-256 of all
 * that. It is written beside its place, forced to disk and renamed, so a kill at any moment leaves the old or the new one.
 */
export async function writeCheckpoint(workspace: string, { arrays, ...head }: Checkpoint): Promise<void> {
  const path = checkpointPath(workspace);
  const lengths = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.length]));
  const text = Buffer.from(JSON.stringify({ ...head, lengths }));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  const parts: Uint8Array[] = [Buffer.from(magic), size, text, ...Object.values(arrays).map(toBytes)];
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await mkdir(workspace, { recursive: true });
    const file = await open(temporary, "wx");
    try {
      for (const part of [...parts, hash.digest()]) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw checkpointNotWritten({ path, reason: (error as Error).message }, { cause: error });
  }
}

/** The checkpoint in `workspace`, or undefined where there is none. Refuses a damaged one and one of other inputs. */
export async function readCheckpoint(workspace: string, inputs: Digest): Promise<Checkpoint | undefined> {
  const path = checkpointPath(workspace);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw checkpointBroken({ path, reason: (error as Error).message }, { cause: error });
  }
  const body = bytes.subarray(0, -32);
  if (!body.subarray(0, magic.length).equals(Buffer.from(magic))) {
    throw checkpointBroken({ path, reason: `it does not begin with "${magic.trim()}"` });
  }
  if (!createHash("sha256").update(body).digest().equals(bytes.subarray(-32))) {
    throw checkpointBroken({
      path,
      reason: `its content does not have the digest that stands at its end (${bytes.length} bytes)`,
    });
  }
  const start = magic.length + 4;
  const end = start + body.readUInt32LE(magic.length);
  const { lengths, ...head } = JSON.parse(body.toString("utf8", start, end)) as Omit<Checkpoint, "arrays"> & {
    lengths: Record<keyof Checkpoint["arrays"], number>;
  };
  if (head.inputs !== inputs) throw checkpointOfOtherInputs({ path, seen: head.inputs, wanted: inputs });
  let offset = end;
  const take = (name: keyof Checkpoint["arrays"]): Float32Array => {
    const array = new Float32Array(lengths[name]);
    new Uint8Array(array.buffer).set(body.subarray(offset, offset + array.byteLength));
    offset += array.byteLength;
    return array;
  };
  const arrays = {
    parameters: take("parameters"),
    states: take("states"),
    statistics: take("statistics"),
    best: take("best"),
  };
  return { ...head, arrays };
}

/** Also takes away what killed writers left; young ones may be another process's that is writing now. */
export async function removeCheckpoint(workspace: string): Promise<void> {
  const path = checkpointPath(workspace);
  await rm(path, { force: true });
  for await (const leftover of glob(`${basename(path)}.*.tmp`, { cwd: workspace })) {
    const { mtimeMs } = await stat(join(workspace, leftover)).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > 600_000) await rm(join(workspace, leftover), { force: true });
  }
}

function toBytes(array: Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** So that the rename itself survives a power cut. Windows has no such thing, and refuses to open a folder. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
