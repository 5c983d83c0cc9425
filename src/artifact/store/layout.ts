/**
 * @file The store on disk: an OCI image layout that crane and skopeo read as it is.
 *
 *   oci-layout, index.json, blobs/sha256/…   the layout; its entries are named `digits@sha256:…` (one for each artifact) and
 *                                            `digits:champion` (one for each alias), so that many models share one layout
 *   history.jsonl                            alias moves
 *   lock.db, scratch/                        the writers' lock, and files that are being written
 *
 * Blobs are written before the index names them, the index is replaced as a whole under the lock, and every step is synced:
 * a process may end anywhere. Readers take no lock; they see the index as before or as after a change.
 */
import { join, resolve } from "node:path";
import { storeUnusable } from "../errors.ts";
import { packArtifact } from "../manifest.ts";
import type { Store } from "../types.ts";
import { readBlob } from "./blobs.ts";
import { readIndex, toPaths } from "./folder.ts";
import { readHistory } from "./history.ts";
import { findAlias } from "./index-file.ts";
import { findDamage } from "./reach.ts";
import { findArtifact, getArtifact, listArtifacts, packStored } from "./read.ts";
import { collectBlobs, putArtifact, removeAlias, removeArtifact, setAlias } from "./write.ts";

/** Where the store of a project lies. */
export function storeFolder(projectRoot: string): string {
  return join(projectRoot, ".slipway", "store");
}

/** Opens a folder as a store. A folder that is not there is an empty store: the first write makes it. Throws `storeBroken`, `storeUnusable`. */
export async function openStore(folder: string): Promise<Store> {
  const root = resolve(folder);
  const paths = toPaths(root);
  const usable = explainFaults(root);
  await usable(readIndex)(paths);

  return {
    location: folder,
    put: usable(async (content) => putArtifact(paths, packArtifact(content))),
    get: usable((reference) => getArtifact(paths, reference)),
    find: usable((name, inputs) => findArtifact(paths, name, inputs)),
    readAlias: usable(async (name, alias) => findAlias(await readIndex(paths), name, alias)),
    list: usable((name) => listArtifacts(paths, name)),
    pack: usable((reference) => packStored(paths, reference)),
    putPacked: usable((packed) => putArtifact(paths, packed)),
    readModel: usable(({ model }) => readBlob(root, model)),
    setAlias: usable((name, alias, digest, options) => setAlias(paths, name, alias, digest, options)),
    removeAlias: usable((name, alias) => removeAlias(paths, name, alias)),
    history: usable(async (name) =>
      (await readHistory(paths.history, await readIndex(paths))).filter((move) => move.name === name),
    ),
    remove: usable((reference, options) => removeArtifact(paths, reference, options)),
    collect: usable(() => collectBlobs(paths)),
    check: usable(async () => findDamage(root, await readIndex(paths))),
  };
}

/** Wraps a method so that what the file system refuses becomes an error that says what to do. */
function explainFaults(
  folder: string,
): <A extends unknown[], R>(method: (...args: A) => Promise<R>) => (...args: A) => Promise<R> {
  return (method) =>
    async (...args) => {
      try {
        return await method(...args);
      } catch (error) {
        const { syscall, message } = error as NodeJS.ErrnoException;
        throw syscall === undefined ? error : storeUnusable({ folder, why: message }, { cause: error });
      }
    };
}
