/** @file Which files of a dataset travel together. Decided by each file alone, so that a change in one place leaves the groups elsewhere as they are. */
import { createHash } from "node:crypto";
import { digestOf, type Digest } from "../../base/digest.ts";

export interface DatasetFile {
  /** Relative to the dataset's folder, with forward slashes. */
  path: string;
  digest: Digest;
  /** In bytes. */
  size: number;
}

export interface FileGroup {
  /** Digest of its files' paths and digests: groups with the same key have the same bytes. */
  key: Digest;
  files: readonly DatasetFile[];
  /** The one file as it is; else the files as a tar. */
  raw: boolean;
}

/** Bytes that a group has about; more for large datasets, so that a manifest lists some hundred groups at most. */
const leastTarget = 1 << 20;
const mostGroups = 512;
/** A file from this size on travels alone and as it is, so that nobody has to hold it in memory. */
const large = 32 << 20;
/** A tar's header for each file, and half a block of padding. */
const overhead = 768;

/**
 * Groups of files in the order of their paths. A file ends its group with a probability that its size sets and its content
 * draws: nothing else moves the borders. Where a dataset doubles, pairs of groups become one, and the others stay.
 */
export function groupFiles(files: readonly DatasetFile[]): FileGroup[] {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const target = chooseTarget(sorted);
  const groups: FileGroup[] = [];
  let open: DatasetFile[] = [];
  let bytes = 0;
  const close = (): void => {
    if (open.length > 0) groups.push({ key: keyOf(open), files: open, raw: false });
    open = [];
    bytes = 0;
  };
  for (const file of sorted) {
    if (file.size >= large) {
      close();
      groups.push({ key: keyOf([file]), files: [file], raw: true });
      continue;
    }
    open.push(file);
    bytes += file.size + overhead;
    // A long stretch without a border is cut; the next border brings both sides together again.
    if (endsGroup(file, target) || bytes >= 4 * target) close();
  }
  close();
  return groups;
}

function chooseTarget(files: readonly DatasetFile[]): number {
  const total = files.reduce((sum, { size }) => sum + (size >= large ? 0 : size + overhead), 0);
  let target = leastTarget;
  while (total / target > mostGroups) target *= 2;
  return target;
}

function endsGroup({ path, digest, size }: DatasetFile, target: number): boolean {
  const drawn = createHash("sha256").update(`${digest} ${path}`).digest().readUIntBE(0, 6) / 2 ** 48;
  return drawn < (size + overhead) / target;
}

function keyOf(files: readonly DatasetFile[]): Digest {
  return digestOf(files.map(({ path, digest }) => `${digest} ${path}\n`).join(""));
}
