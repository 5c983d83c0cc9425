import type { Dataset } from "./types.ts";
import { shorten } from "./lock.ts";
import type { Lock } from "./lock.ts";
import { compareBytes } from "./merkle.ts";

export interface Move {
  from: string;
  to: string;
}

/** What happened to files since they were locked. Every list is sorted by path; a file's content is told once. */
export interface Difference {
  /** New content at a path that was not there. */
  added: readonly string[];
  /** Content that is gone, by the path it had (a file may be there again, with content from another path). */
  removed: readonly string[];
  /** Paths whose content was replaced by content that the lock does not know. */
  changed: readonly string[];
  /** The same content at another path of the same label. */
  renamed: readonly Move[];
  /** The same content under another label. */
  relabelled: readonly Move[];
  /** Two paths that exchanged their content. */
  swapped: readonly (readonly [string, string])[];
}

/** Compares by content: content that left one path is looked for at the others. */
export function compareLock(
  lock: Pick<Lock, "files">,
  dataset: Pick<Dataset, "entries"> & Partial<Pick<Dataset, "kind">>,
): Difference {
  const before = new Map(Object.entries(lock.files));
  const now = new Map(dataset.entries.map(({ path, digest }) => [path, shorten(digest)]));
  const left = [...before.keys()].filter((path) => now.get(path) !== before.get(path)).toSorted(compareBytes);
  const came = [...now.keys()].filter((path) => now.get(path) !== before.get(path)).toSorted(compareBytes);
  // Folders of images with boxes are no labels.
  const label = dataset.kind === "boxes" ? (): string => "" : labelOf;
  const moves = matchMoves(left, came, before, now);

  const arrivals = new Set(moves.map(({ to }) => to));
  const departures = new Set(moves.map(({ from }) => from));
  const isReplaced = (path: string): boolean => before.has(path) && now.has(path);
  const target = new Map(moves.map(({ from, to }) => [from, to]));
  const isSwap = ({ from, to }: Move): boolean => target.get(to) === from;
  const oneWay = moves.filter((move) => !isSwap(move));
  return {
    added: came.filter((path) => !arrivals.has(path) && !isReplaced(path)),
    removed: left.filter((path) => !departures.has(path) && !(isReplaced(path) && !arrivals.has(path))),
    changed: came.filter((path) => !arrivals.has(path) && isReplaced(path)),
    renamed: oneWay.filter(({ from, to }) => label(from) === label(to)),
    relabelled: oneWay.filter(({ from, to }) => label(from) !== label(to)),
    swapped: moves
      .filter((move) => isSwap(move) && compareBytes(move.from, move.to) < 0)
      .map(({ from, to }) => [from, to] as const),
  };
}

export function countDifferences(difference: Difference): number {
  return Object.values(difference).reduce((sum: number, list: readonly unknown[]) => sum + list.length, 0);
}

export function labelOf(path: string): string {
  return path.slice(0, path.indexOf("/"));
}

/** Pairs the paths that content left with those that it came to. Copies of one image pair with the same name first, then the same label, then in order. */
function matchMoves(
  left: readonly string[],
  came: readonly string[],
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): Move[] {
  const free = new Map<string, string[]>();
  for (const path of came) free.set(now.get(path)!, [...(free.get(now.get(path)!) ?? []), path]);
  const moves = new Map<string, string>();
  for (const fits of [sameName, sameLabel, () => true]) {
    for (const from of left) {
      if (moves.has(from)) continue;
      const candidates = free.get(before.get(from)!) ?? [];
      const at = candidates.findIndex((to) => fits(from, to));
      if (at !== -1) moves.set(from, candidates.splice(at, 1)[0]!);
    }
  }
  return left.flatMap((from) => (moves.has(from) ? [{ from, to: moves.get(from)! }] : []));
}

function sameName(from: string, to: string): boolean {
  return from.slice(from.indexOf("/")) === to.slice(to.indexOf("/"));
}

function sameLabel(from: string, to: string): boolean {
  return labelOf(from) === labelOf(to);
}
