import type { Artifact } from "./types.ts";

/** One value that differs. Without `before` it is new in the second, without `after` it is gone from it. */
export interface Change<T = unknown> {
  /** `accuracy`, `layers[0].filters`, `inputs[0].shape`. */
  path: string;
  before?: T;
  after?: T;
}

/** What changed from one model to another. Empty lists and missing members mean: the same. */
export interface ArtifactDiff {
  /** The same model file, signature and lineage. */
  same: boolean;
  metrics: readonly Change<number>[];
  parameters: readonly Change[];
  dataset: { digest?: Change<string>; count?: Change<number>; labels: readonly Change<number>[] };
  code?: Change<string>;
  trainer?: Change<string>;
  seed?: Change<number>;
  versions: readonly Change<string>[];
  signature: readonly Change[];
  model: { digest?: Change<string>; size?: Change<number> };
}

type Compared = Pick<Artifact, "digest" | "model" | "signature" | "lineage">;

export function diffArtifacts(a: Compared, b: Compared): ArtifactDiff {
  const [from, to] = [a.lineage, b.lineage];
  return {
    same: a.digest === b.digest,
    metrics: diff(from.metrics, to.metrics) as Change<number>[],
    parameters: diff(from.parameters, to.parameters),
    dataset: {
      ...one("digest", from.dataset.digest, to.dataset.digest),
      ...one("count", from.dataset.count, to.dataset.count),
      labels: diff(from.dataset.labels, to.dataset.labels) as Change<number>[],
    },
    ...one("code", from.code, to.code),
    ...one("trainer", from.trainer, to.trainer),
    ...one("seed", from.seed, to.seed),
    versions: diff(from.versions, to.versions) as Change<string>[],
    signature: diff(a.signature, b.signature),
    model: { ...one("digest", a.model.digest, b.model.digest), ...one("size", a.model.size, b.model.size) },
  };
}

function one<K extends string, T>(path: K, before: T, after: T): Partial<Record<K, Change<T>>> {
  const change: Partial<Record<string, Change<T>>> = Object.is(before, after)
    ? {}
    : { [path]: { path, before, after } };
  return change;
}

/** Walks two plain values side by side, down to the leaves that differ. Lists of plain values (shapes, labels) are leaves. */
function diff(before: unknown, after: unknown, path = ""): Change[] {
  if (isSame(before, after)) return [];
  if (isTree(before) && isTree(after) && Array.isArray(before) === Array.isArray(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      diff(before[key], after[key], join(path, key, Array.isArray(before))),
    );
  }
  return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !isPlainList(value);
}

function isSame(before: unknown, after: unknown): boolean {
  if (!isPlainList(before) || !isPlainList(after)) return Object.is(before, after);
  return before.length === after.length && before.every((value, i) => Object.is(value, after[i]));
}

function isPlainList(value: unknown): value is unknown[] {
  return Array.isArray(value) && !value.some((inner) => typeof inner === "object" && inner !== null);
}

function join(path: string, key: string, inList: boolean): string {
  if (inList) return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
}
