/**
 * @file Compressed layers on this machine, so that only what changed is compressed again.
 *
 *   layers/<release>/<diff id>.tar.gz    the blob, named by the content that it was made from
 *   layers/<release>/<diff id>.json      its digest and size, and its stamp when it was written
 *   layers/stamps/<digest>.json          for the stamps of a layer's files, the layer's diff id: nothing needs to be read
 *
 * Any of these may be missing or wrong at any time: then the layer is made anew. Blobs are renamed into place whole, so two
 * processes that make the same layer do not disturb each other.
 */
import { open, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, digestOfJson, hexOf, isDigest } from "../../base/digest.ts";
import { silent, type Report } from "../../base/progress.ts";
import { ignoreMissing, makeWhole, writeWhole } from "../../base/files.ts";
import { fromFile, type BlobSource } from "../../oci/blob-source.ts";
import { cacheDamaged, contentMismatch } from "../errors.ts";
import { gzip, gzipRelease } from "../gzip/gzip.ts";
import { createMeter, measure, readAll, type Measured } from "../hash.ts";
import { layerTypes } from "../layer.ts";
import type { TarEntry } from "../tar/entry.ts";
import { stampFile } from "../tar/file-entry.ts";
import { arrange, writeTar } from "../tar/write.ts";
import type { Layer } from "../types.ts";
import { parseNote, usingCache } from "./folder.ts";

export interface LayerCache {
  /** The layer of these entries, compressed now or found. Throws `cacheUnusable` and what reading the entries throws. */
  gzipLayer(name: string, entries: Iterable<TarEntry>): Promise<Layer>;
}

/** Changes whenever the same entries would give another tar. */
const tarRelease = "tar-1";
/** Layers that nobody asked for in this time go. Milliseconds. */
const unusedAfter = 60 * 24 * 60 * 60 * 1000;

export function openLayerCache(folder: string, report: Report = silent): LayerCache {
  const layers = join(folder, "layers", gzipRelease);
  const stamps = join(folder, "layers", "stamps");

  return {
    gzipLayer: (name, given) =>
      usingCache(folder, async () => {
        const entries = arrange(given);
        const tar = writeTar(name, entries);
        const stampPath = toStampPath(entries);
        const noted = stampPath === undefined ? undefined : await readNote(stampPath);
        const diffId = noted ?? (await measure(tar)).digest;
        const blob = (await find(diffId)) ?? (await make(diffId, tar));
        if (noted === undefined && stampPath !== undefined) await writeWhole(stampPath, JSON.stringify({ diffId }));
        return {
          name,
          descriptor: { mediaType: layerTypes.gzip, digest: blob.digest, size: blob.size },
          diffId,
          content: checked(diffId, blob),
        };
      }),
  };

  function toStampPath(entries: readonly TarEntry[]): string | undefined {
    if (entries.some((entry) => entry.kind === "file" && entry.stamp === undefined)) return undefined;
    const facts = entries.map((entry) =>
      entry.kind === "file"
        ? [entry.path, entry.mode, entry.content.size, entry.stamp]
        : [entry.kind, entry.path, entry.kind === "link" ? entry.target : entry.mode],
    );
    return join(stamps, `${hexOf(digestOfJson([tarRelease, facts]))}.json`);
  }

  function toPaths(diffId: Digest): { blob: string; note: string } {
    return { blob: join(layers, `${hexOf(diffId)}.tar.gz`), note: join(layers, `${hexOf(diffId)}.json`) };
  }

  /** What is there and whole. A blob whose stamp is not the one that was noted is read and digested once more. */
  async function find(diffId: Digest): Promise<Measured | undefined> {
    const paths = toPaths(diffId);
    const note = parseNote(await readFile(paths.note, "utf8").catch(ignoreMissing));
    const [digest, size, stamp] = [note?.["digest"], note?.["size"], note?.["stamp"]];
    const facts = await stat(paths.blob).catch(ignoreMissing);
    if (facts === undefined || typeof digest !== "string" || !isDigest(digest) || facts.size !== size) return undefined;
    const now = await stampFile(paths.blob);
    if (now.stamp !== stamp) {
      if ((await measure(fromFile(paths.blob, size))).digest !== digest) return undefined;
      await writeWhole(paths.note, JSON.stringify({ digest, size, stamp: now.stamp }));
    }
    // When it was last used, for `sweep`.
    await utimes(paths.note, new Date(), new Date()).catch(ignoreMissing);
    return { digest, size };
  }

  async function make(diffId: Digest, tar: BlobSource): Promise<Measured> {
    const paths = toPaths(diffId);
    const made = await makeWhole(paths.blob, (draft) => compress(diffId, tar, draft, report));
    const { stamp } = await stampFile(paths.blob);
    await writeWhole(paths.note, JSON.stringify({ ...made, stamp }));
    await sweep(layers);
    return made;
  }

  /** Whoever reads the blob whole learns whether the disk kept it. */
  function checked(diffId: Digest, { digest, size }: Measured): BlobSource {
    const paths = toPaths(diffId);
    const source = fromFile(paths.blob, size);
    return {
      ...source,
      read: async function* (start, end) {
        if (start > 0 || end < size) {
          yield* source.read(start, end);
          return;
        }
        const meter = createMeter();
        yield* meter.pass(source.read(start, end));
        const seen = meter.result();
        if (seen.digest === digest) return;
        await rm(paths.note, { force: true });
        throw cacheDamaged({ file: paths.blob, seen: `${seen.digest} (${seen.size} bytes)`, wanted: digest });
      },
    };
  }
}

async function compress(diffId: Digest, tar: BlobSource, path: string, report: Report): Promise<Measured> {
  const plain = createMeter();
  const packed = createMeter();
  const tell = (done: number): void => report({ step: "image", label: `compress ${tar.name}`, done, total: tar.size });
  await using file = await open(path, "wx", 0o644);
  for await (const piece of packed.pass(gzip(withProgress(plain.pass(readAll(tar)), tell))))
    await file.writeFile(piece);
  await file.sync();
  const seen = plain.result();
  if (seen.digest !== diffId) throw contentMismatch({ layer: tar.name, seen: seen.digest, wanted: diffId });
  return packed.result();
}

async function* withProgress(
  input: AsyncIterable<Uint8Array>,
  tell: (done: number) => void,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const piece of input) {
    yield piece;
    done += piece.byteLength;
    tell(done);
  }
}

async function readNote(path: string): Promise<Digest | undefined> {
  const diffId = parseNote(await readFile(path, "utf8").catch(ignoreMissing))?.["diffId"];
  return typeof diffId === "string" && isDigest(diffId) ? diffId : undefined;
}

/** Removes layers that were long not asked for, and what killed processes left. */
async function sweep(folder: string): Promise<void> {
  const names = new Set(await readdir(folder));
  const unused: string[] = [];
  for (const name of names) {
    // A blob is as old as the last use of its note; a draft as its last write.
    const note = name.replace(/\.tar\.gz$/, ".json");
    const facts = await stat(join(folder, names.has(note) ? note : name)).catch(ignoreMissing);
    if (facts !== undefined && Date.now() - facts.mtimeMs > unusedAfter) unused.push(name);
  }
  for (const name of unused) await rm(join(folder, name), { force: true });
}
