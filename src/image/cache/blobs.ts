/** @file Blobs of other people's images on this machine, by digest: a base is fetched once, and is there without a network afterwards. */
import { open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, digestOf, hexOf } from "../../base/digest.ts";
import { ignoreMissing, makeWhole, writeWhole } from "../../base/files.ts";
import { fromFile, type BlobSource } from "../../oci/blob-source.ts";
import { cacheDamaged } from "../errors.ts";
import { createMeter } from "../hash.ts";
import { usingCache } from "./folder.ts";

export interface BlobCache {
  /** A small blob: from the cache where it is there and whole. */
  read(digest: Digest, fetch: () => Promise<Uint8Array>): Promise<Uint8Array>;
  /** A blob of any size, fetched when it is first read. Reading it whole throws `cacheDamaged` where the disk did not keep it. */
  source(digest: Digest, size: number, fetch: () => AsyncIterable<Uint8Array>): BlobSource;
}

export function openBlobCache(folder: string): BlobCache {
  const pathOf = (digest: Digest): string => join(folder, "blobs", hexOf(digest));

  return {
    read: (digest, fetch) =>
      usingCache(folder, async () => {
        const kept = await readFile(pathOf(digest)).catch(ignoreMissing);
        if (kept !== undefined && digestOf(kept) === digest) return kept;
        const bytes = await fetch();
        await writeWhole(pathOf(digest), bytes);
        return bytes;
      }),
    source: (digest, size, fetch) => {
      const path = pathOf(digest);
      return {
        name: digest,
        size,
        read: async function* (start, end) {
          const kept = await stat(path).catch(ignoreMissing);
          // What `fetch` gives was checked on the way.
          if (kept?.size !== size) await usingCache(folder, () => keep(path, fetch));
          const meter = createMeter();
          yield* meter.pass(fromFile(path, size).read(start, end));
          const seen = meter.result();
          if (start > 0 || end < size || seen.digest === digest) return;
          await rm(path, { force: true });
          throw cacheDamaged({ file: path, seen: `${seen.digest} (${seen.size} bytes)`, wanted: digest });
        },
      };
    },
  };
}

function keep(path: string, fetch: () => AsyncIterable<Uint8Array>): Promise<void> {
  return makeWhole(path, async (draft) => {
    await using file = await open(draft, "wx", 0o644);
    for await (const piece of fetch()) await file.writeFile(piece);
  });
}
