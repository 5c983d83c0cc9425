/** @file A tar archive as a source of bytes: the same entries give the same bytes everywhere, and nothing is read before someone asks. */
import { fromBytes, type BlobSource } from "../../oci/blob-source.ts";
import { entryInvalid, fileChanged } from "../errors.ts";
import { folderEntry, type TarEntry } from "./entry.ts";
import { blockBytes, padded, writeHeader } from "./header.ts";

/** Part of the archive: bytes of our own, or a file's. */
interface Segment {
  start: number;
  content: BlobSource;
}

/**
 * The archive of these entries, sorted by path, with the folders above them (0755) where they are not given. Of two entries of
 * one path the later stands. Throws `entryInvalid`; reading throws `fileChanged`.
 */
export function writeTar(name: string, entries: Iterable<TarEntry>): BlobSource {
  const segments: Segment[] = [];
  let size = 0;
  const add = (content: BlobSource): void => {
    if (content.size === 0) return;
    segments.push({ start: size, content });
    size += content.size;
  };
  for (const entry of arrange(entries)) {
    add(fromBytes(headerOf(entry), entry.path));
    if (entry.kind !== "file") continue;
    add(entry.content);
    add(fromBytes(new Uint8Array(padded(entry.content.size) - entry.content.size)));
  }
  add(fromBytes(new Uint8Array(2 * blockBytes)));
  return { name, size, read: (start, end) => readSegments(segments, start, end) };
}

/** Sorted, complete and checked: what `writeTar` writes, in its order. */
export function arrange(entries: Iterable<TarEntry>): TarEntry[] {
  const byPath = new Map<string, TarEntry>();
  for (const entry of entries) {
    refuseWrong(entry);
    byPath.set(entry.path, entry);
  }
  for (const path of Array.from(byPath.keys()))
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      const parent = path.slice(0, slash);
      const above = byPath.get(parent);
      if (above === undefined) byPath.set(parent, folderEntry(parent));
      else if (above.kind !== "folder") throw entryInvalid({ path, why: `${parent} is a ${above.kind}, not a folder` });
    }
  return [...byPath.values()].toSorted((a, b) => compare(toKey(a.path), toKey(b.path)));
}

function headerOf(entry: TarEntry): Uint8Array {
  const { path } = entry;
  if (entry.kind === "folder")
    return writeHeader({ path: `${path}/`, mode: entry.mode, size: 0, type: "5", target: "" });
  if (entry.kind === "link") return writeHeader({ path, mode: 0o777, size: 0, type: "2", target: entry.target });
  return writeHeader({ path, mode: entry.mode, size: entry.content.size, type: "0", target: "" });
}

async function* readSegments(segments: readonly Segment[], start: number, end: number): AsyncIterable<Uint8Array> {
  for (const { start: from, content } of segments) {
    const first = Math.max(start - from, 0);
    const last = Math.min(end - from, content.size);
    if (first >= last) continue;
    let seen = 0;
    for await (const piece of content.read(first, last)) {
      seen += piece.byteLength;
      yield piece;
    }
    // Whatever came after would be at the wrong place.
    if (seen !== last - first) throw fileChanged({ path: content.name, wanted: last - first, seen });
  }
}

function refuseWrong({ path }: TarEntry): void {
  const refuse = (why: string) => entryInvalid({ path, why });
  if (path === "") throw refuse("it has no name");
  if (path.startsWith("/")) throw refuse("it begins with /");
  if (path.includes("\0") || path.includes("\\")) throw refuse("it has a character that not every system knows");
  if (path.split("/").some((part) => part === "" || part === "." || part === ".."))
    throw refuse("a part of it is empty, . or ..");
}

/** Parts compare one by one, so that a folder's content follows it: `a/b` before `a.b`. */
function toKey(path: string): string {
  return path.replaceAll("/", "\0");
}

/** By code units, never by the language of the machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
