/**
 * @file Every alias move, one JSON line each, only ever appended. The index carries the moves of its last change as an annotation
 * (a redo log): whoever comes next writes them here if the process ended in between. So a move and its line are never apart.
 */
import { open, readFile } from "node:fs/promises";
import { whoAmI } from "../../base/account.ts";
import { ignoreMissing } from "../../base/files.ts";
import { storeBroken } from "../errors.ts";
import { annotations } from "../oci.ts";
import type { AliasMove } from "../types.ts";
import { syncFolder } from "./files.ts";
import type { Index } from "./index-file.ts";
import { dirname } from "node:path";

/** Moves in the file and, where the file lacks them yet, in the index; oldest first. Throws `storeBroken`. */
export async function readHistory(file: string, index: Index): Promise<AliasMove[]> {
  const { moves } = await readFileMoves(file);
  return [...moves, ...listMissing(index, moves)];
}

/** Appends what the index has and the file lacks. The caller holds the store's lock. */
export async function catchUp(file: string, index: Index): Promise<AliasMove[]> {
  const { moves, length } = await readFileMoves(file);
  const missing = listMissing(index, moves);
  if (missing.length > 0) await append(file, length, missing);
  return [...moves, ...missing];
}

/** The index with these moves noted, numbered on from the last one. */
export function noteMoves(
  index: Index,
  last: AliasMove | undefined,
  moves: readonly Omit<AliasMove, "sequence" | "at" | "by">[],
): Index {
  const at = new Date().toISOString();
  const by = whoAmI();
  const noted = moves.map((move, i) => ({ sequence: (last?.sequence ?? 0) + 1 + i, ...move, at, by }));
  return { ...index, annotations: { ...index.annotations, [annotations.moves]: JSON.stringify(noted) } };
}

/** The moves, and the length in bytes of the whole lines: a line cut short by a power cut was never acknowledged by this file. */
async function readFileMoves(file: string): Promise<{ moves: AliasMove[]; length: number }> {
  const text = (await readFile(file, "utf8").catch(ignoreMissing)) ?? "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const lines = whole.split("\n").filter((line) => line !== "");
  return {
    moves: lines.map((line, i) => parseMove(line, `${file}, line ${i + 1},`)),
    length: Buffer.byteLength(whole),
  };
}

function listMissing(index: Index, moves: readonly AliasMove[]): AliasMove[] {
  const noted = index.annotations?.[annotations.moves];
  if (noted === undefined) return [];
  const last = moves.at(-1)?.sequence ?? 0;
  return (JSON.parse(noted) as AliasMove[]).filter(({ sequence }) => sequence > last);
}

async function append(path: string, length: number, moves: readonly AliasMove[]): Promise<void> {
  await using file = await open(path, "a", 0o644);
  const { size } = await file.stat();
  if (size > length) await file.truncate(length);
  await file.writeFile(moves.map((move) => `${JSON.stringify(move)}\n`).join(""));
  await file.sync();
  if (size === 0) await syncFolder(dirname(path));
}

function parseMove(line: string, where: string): AliasMove {
  try {
    return JSON.parse(line) as AliasMove;
  } catch (cause) {
    throw storeBroken({ file: where, why: "it is not JSON" }, { cause });
  }
}
