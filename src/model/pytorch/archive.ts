/** @file The zip format (PyTorch 1.6 and later): `<name>/data.pkl`, and each storage as `<name>/data/<key>`. */

import { pytorchBroken, pytorchFormat, pytorchTensor } from "./errors.ts";
import { toStorage } from "./globals.ts";
import { printable, readPickle } from "./pickle.ts";
import type { ByteSource } from "./source.ts";
import type { PyValue, StorageRef } from "./types.ts";
import { findContent, readRecord, readZipDirectory, type ZipRecord } from "./zip.ts";

/** A file whose pickle is read: what it says, and where its storages lie. */
export interface Opened {
  value: PyValue;
  littleEndian: boolean;
  /** The bytes `from`..`to` of a storage. Where they are all of it, its checksum is compared. */
  read(storage: StorageRef, tensor: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Pickles of real files are a few hundred bytes a tensor. */
export const largestPickle = 2 ** 25;

export async function openArchive(source: ByteSource): Promise<Opened> {
  const file = source.name;
  const records = await readZipDirectory(source);
  const pickle = [...records.values()].find(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined || records.has(folderOf(pickle) + "constants.pkl")) throw refuseArchive(file, records);
  if (pickle.size > largestPickle)
    throw pytorchBroken({
      file,
      part: pickle.name,
      fault: `has ${pickle.size} bytes, wanted at most ${largestPickle}`,
    });
  const { value } = readPickle(await readRecord(source, pickle), 0, { file, load: (id) => toStorage(file, id) });
  const folder = folderOf(pickle);
  const order = await readOrder(source, records.get(`${folder}byteorder`));
  return {
    value,
    littleEndian: order === "little",
    async read({ key, whole }, tensor, from, to) {
      const record = records.get(`${folder}data/${key}`);
      const fault =
        record === undefined
          ? `its storage ${printable(key)} is not in the file`
          : `its storage has ${record.size} bytes, wanted ${whole}`;
      if (record?.size !== whole) throw pytorchTensor({ file, tensor, fault });
      if (from === 0 && to === whole) return await readRecord(source, record);
      return await source.read((await findContent(source, record)) + from, to - from);
    },
  };
}

/** Files before PyTorch 2.1 do not say it; they are of little-endian machines, as good as all are. */
async function readOrder(source: ByteSource, record: ZipRecord | undefined): Promise<"little" | "big"> {
  if (record === undefined) return "little";
  const text =
    record.size < 16
      ? Buffer.from(await readRecord(source, record))
          .toString("latin1")
          .trim()
      : "";
  if (text !== "little" && text !== "big")
    throw pytorchBroken({ file: source.name, part: record.name, fault: "says neither little nor big" });
  return text;
}

function folderOf({ name }: ZipRecord): string {
  return name.slice(0, name.lastIndexOf("/") + 1);
}

function refuseArchive(file: string, records: ReadonlyMap<string, ZipRecord>): Error {
  const names = [...records.keys()];
  const script = names.some((name) => /\/(?:constants\.pkl|code\/)/.test(name));
  const arrays = names.length > 0 && names.every((name) => name.endsWith(".npy"));
  const seen = script
    ? "a TorchScript program"
    : arrays
      ? "an archive of NumPy arrays"
      : "a zip archive without a data.pkl";
  return pytorchFormat({ file, seen });
}
