/**
 * @file The format before PyTorch 1.6: five pickles (a magic number, a version, facts of the machine, the object, the keys of its
 * storages), then each storage as its count of elements, 8 bytes, and its numbers. Numbers are little-endian whatever the machine was.
 */

import { type Opened, largestPickle } from "./archive.ts";
import { pytorchBroken, pytorchFormat, pytorchTensor } from "./errors.ts";
import { toStorage, widths } from "./globals.ts";
import { isCutOff, printable, readPickle } from "./pickle.ts";
import type { ByteSource } from "./source.ts";
import type { PyValue, StorageRef } from "./types.ts";

const magic = 0x1950a86a20f9469cfc6cn;
const version = 1001;

export async function openLegacy(source: ByteSource): Promise<Opened> {
  const { value, keys, storages, end } = await readPickles(source);
  const places = await findStorages(source, { keys, storages, end });
  return {
    value,
    littleEndian: true,
    async read({ key }, tensor, from, to) {
      const start = places.get(key);
      if (start === undefined)
        throw pytorchTensor({ file: source.name, tensor, fault: `its storage ${printable(key)} is not in the file` });
      return await source.read(start + from, to - from);
    },
  };
}

interface Pickles {
  value: PyValue;
  keys: readonly string[];
  storages: ReadonlyMap<string, StorageRef>;
  /** Where the storages begin. */
  end: number;
}

/** How long the pickles are is known only when they are read: more is taken until they fit. */
async function readPickles(source: ByteSource): Promise<Pickles> {
  for (let length = 2 ** 18; ; length *= 4) {
    const window = Math.min(length, largestPickle, source.size);
    try {
      return parsePickles(await source.read(0, window), source.name);
    } catch (error) {
      if (!isCutOff(error) || window === source.size || window === largestPickle) throw error;
    }
  }
}

function parsePickles(bytes: Uint8Array, file: string): Pickles {
  const storages = new Map<string, StorageRef>();
  const load = (id: PyValue): PyValue => {
    const storage = toStorage(file, id);
    const known = storages.get(storage.key);
    if (known !== undefined && (known.whole !== storage.whole || known.dtype !== storage.dtype))
      throw pytorchBroken({ file, part: `storage ${printable(storage.key)}`, fault: "is described in two ways" });
    storages.set(storage.key, storage);
    return storage;
  };
  const none = (): PyValue => {
    throw pytorchBroken({ file, part: "its head", fault: "refers to a storage" });
  };
  let at = 0;
  const next = (resolve: (id: PyValue) => PyValue): PyValue => {
    const { value, end } = readPickle(bytes, at, { file, load: resolve });
    at = end;
    return value;
  };
  if (next(none) !== magic) throw pytorchFormat({ file, seen: "a pickle that torch.save did not write" });
  const found = next(none);
  if (found !== version) throw pytorchFormat({ file, seen: `of PyTorch's file version ${shown(found)}` });
  next(none);
  const value = next(load);
  const keys = next(none);
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string"))
    throw pytorchBroken({ file, part: "its list of storages", fault: "is no list of names" });
  return { value, keys, storages, end: at };
}

async function findStorages(
  source: ByteSource,
  { keys, storages, end }: Omit<Pickles, "value">,
): Promise<Map<string, number>> {
  const file = source.name;
  const places = new Map<string, number>();
  let at = end;
  for (const key of keys) {
    const storage = storages.get(key);
    if (storage === undefined || places.has(key))
      throw pytorchBroken({
        file,
        part: `storage ${printable(key)}`,
        fault: storage === undefined ? "belongs to no tensor" : "is there twice",
      });
    const head = await source.read(at, 8);
    const count = Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0, true));
    const wanted = storage.whole / (widths[storage.dtype ?? "uint8"] ?? 1);
    if (count !== wanted)
      throw pytorchBroken({
        file,
        part: `storage ${printable(key)}`,
        fault: `has ${count} elements, wanted ${wanted}`,
      });
    places.set(key, at + 8);
    at += 8 + storage.whole;
  }
  if (at > source.size)
    throw pytorchBroken({
      file,
      part: "the last storage",
      fault: `ends at byte ${at} of ${source.size}: the file was cut off`,
    });
  return places;
}

function shown(value: PyValue): string {
  return typeof value === "number" || typeof value === "string" ? printable(String(value)) : "unknown";
}
