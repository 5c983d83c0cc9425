/** @file What lies in a dataset's folder, by name alone. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import type { Dirent } from "node:fs";
import { join, sep } from "node:path";
import type { DatasetFault } from "./types.ts";

export interface Walk {
  /** Image files as `<label>/<name>`, in no order that matters. */
  files: { path: string; label: string }[];
  faults: DatasetFault[];
  /** Not part of the dataset, by rule: hidden files, what operating systems leave behind, and other files beside the label folders. */
  ignored: string[];
}

/** Lists `<folder>/<label>/<name>`. Throws what `readdir` throws for the folder itself; everything below it becomes a fault. */
export function walkImageFolder(folder: string): Walk {
  const walk: Walk = { files: [], faults: [], ignored: [] };
  const root = realpathSync(folder);
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (isLeftover(entry.name)) walk.ignored.push(entry.name);
    else walkTop(walk, root, entry);
  }
  return walk;
}

function walkTop(walk: Walk, root: string, entry: Dirent): void {
  const label = entry.name;
  const kind = resolveKind(walk, root, label, entry);
  if (kind === "folder") walkLabel(walk, root, label);
  else if (kind === "file" && hasImageName(label)) {
    walk.faults.push({
      kind: "misplaced",
      path: label,
      message: "lies outside of any label's folder; wanted <label>/<name>",
    });
  } else if (kind === "file") walk.ignored.push(label);
}

function walkLabel(walk: Walk, root: string, label: string): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(root, label), { withFileTypes: true });
  } catch (error) {
    walk.faults.push(toUnreadable(label, error));
    return;
  }
  const [files, faults] = [walk.files.length, walk.faults.length];
  for (const entry of entries) {
    const path = `${label}/${entry.name}`;
    if (isLeftover(entry.name)) {
      walk.ignored.push(path);
      continue;
    }
    const kind = resolveKind(walk, root, path, entry);
    if (kind === "folder")
      walk.faults.push({
        kind: "nested",
        path,
        message: "is a folder in a label's folder; wanted <label>/<name>, one level deep",
      });
    else if (kind === "file" && hasImageName(entry.name)) walk.files.push({ path, label });
    else if (kind === "file")
      walk.faults.push({
        kind: "notImage",
        path,
        message: "is no image by its name; wanted .jpg, .jpeg, .png or .webp",
      });
  }
  if (walk.files.length === files && walk.faults.length === faults) {
    walk.faults.push({ kind: "emptyLabel", path: label, message: "is a label without any image" });
  }
}

/** Follows a link where it stays within the dataset's folder; what is neither file nor folder becomes a fault, and undefined here. */
function resolveKind(walk: Walk, root: string, path: string, entry: Dirent): "file" | "folder" | undefined {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  if (!entry.isSymbolicLink()) {
    walk.faults.push({ kind: "unreadable", path, message: "is neither a file nor a folder" });
    return undefined;
  }
  try {
    const real = realpathSync(join(root, path));
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) {
      walk.faults.push({
        kind: "outside",
        path,
        message: "is a link to outside of the dataset's folder, so it means something else on another machine",
      });
      return undefined;
    }
    const target = statSync(real);
    if (target.isDirectory()) return "folder";
    if (target.isFile()) return "file";
    walk.faults.push({ kind: "unreadable", path, message: "is a link to what is neither a file nor a folder" });
  } catch (error) {
    walk.faults.push(toUnreadable(path, error));
  }
  return undefined;
}

export function toUnreadable(path: string, error: unknown): DatasetFault {
  return { kind: "unreadable", path, message: `cannot be read: ${reasonOf(error)}` };
}

/** The reason of a file system error in words: `permission denied (EACCES)`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // "EACCES: permission denied, open '/a/b'": the path is said elsewhere.
  const parts = /^([A-Z]+): ([^,]+)/.exec(error.message);
  return parts === null ? error.message : `${parts[2]} (${parts[1]})`;
}

export function hasImageName(name: string): boolean {
  return /\.(?:jpe?g|png|webp)$/i.test(name);
}

/** Hidden files, and what Windows and macOS put into folders. */
function isLeftover(name: string): boolean {
  return name.startsWith(".") || /^(?:thumbs\.db|ehthumbs\.db|desktop\.ini|__macosx|icon\r)$/i.test(name);
}
