import type { BlobSource } from "../../oci/blob-source.ts";
import { fromBytes } from "../../oci/blob-source.ts";
import { digestOf } from "../../base/digest.ts";

/** One thing in a layer. Paths are relative to the image's root, with `/` between folders; the owner is always root. */
export type TarEntry = FileEntry | FolderEntry | LinkEntry;

export interface FileEntry {
  kind: "file";
  path: string;
  /** Permission bits. */
  mode: number;
  content: BlobSource;
  /**
   * Changes whenever the content may have changed, so that a layer is found in the cache before anything is read. The same
   * content may have several. Undefined where nothing can be told.
   */
  stamp: string | undefined;
}

export interface FolderEntry {
  kind: "folder";
  path: string;
  mode: number;
}

/** A symbolic link. */
export interface LinkEntry {
  kind: "link";
  path: string;
  target: string;
}

export function textEntry(path: string, text: string, mode = 0o644): FileEntry {
  return bytesEntry(path, new TextEncoder().encode(text), mode);
}

/** `digest`: where it is known already, so that it is not computed again. */
export function bytesEntry(path: string, bytes: Uint8Array, mode = 0o644, digest: string = digestOf(bytes)): FileEntry {
  return { kind: "file", path, mode, content: fromBytes(bytes, path), stamp: digest };
}

export function folderEntry(path: string, mode = 0o755): FolderEntry {
  return { kind: "folder", path, mode };
}

export function linkEntry(path: string, target: string): LinkEntry {
  return { kind: "link", path, target };
}
