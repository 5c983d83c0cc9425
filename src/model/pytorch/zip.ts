/** @file The directory of a zip archive, and the records that are stored in it as they are (APPNOTE 6.3; ZIP64 included). */

import { crc32 } from "node:zlib";
import { pytorchBroken } from "./errors.ts";
import type { ByteSource } from "./source.ts";

export interface ZipRecord {
  name: string;
  /** Of its local header. */
  offset: number;
  /** Bytes of the content, stored without compression. */
  size: number;
  /** 0 where none was written, as torch.serialization.set_crc32_options(False) does. */
  crc: number;
}

/** Central directories of real files are 100 bytes a tensor. */
const largestDirectory = 2 ** 26;

/** Every record by its name. Refuses what PyTorch never writes: compression, encryption, two records of one name, several disks. */
export async function readZipDirectory(source: ByteSource): Promise<Map<string, ZipRecord>> {
  const { offset, size, count } = await findDirectory(source);
  if (size > largestDirectory || count * 46 > size)
    throw broken(source, "its directory", `of ${count} records has ${size} bytes, which cannot be`);
  const bytes = toView(await source.read(offset, size));
  const records = new Map<string, ZipRecord>();
  for (let at = 0, i = 0; i < count; i++) {
    if (at + 46 > size || bytes.getUint32(at, true) !== 0x02014b50)
      throw broken(source, "its directory", `ends after ${i} of ${count} records`);
    const { record, end } = readEntry(source, bytes, at);
    if (records.has(record.name)) throw broken(source, `the record ${record.name}`, "is there twice");
    records.set(record.name, record);
    at = end;
  }
  return records;
}

/** The whole content of a record, its checksum compared. */
export async function readRecord(source: ByteSource, record: ZipRecord): Promise<Uint8Array<ArrayBuffer>> {
  const content = await readWithHeader(source, record);
  if (record.crc !== 0 && crc32(content) !== record.crc)
    throw broken(source, `the record ${record.name}`, "does not agree with its checksum");
  return content;
}

/** Where a record's content begins. Its local header may be of another length than the directory's entry. */
export async function findContent(source: ByteSource, record: ZipRecord): Promise<number> {
  return record.offset + headerLength(source, record, await source.read(record.offset, 30));
}

/** PyTorch pads the header so that the content begins at a multiple of this; a read that begins at one keeps it so in memory. */
const alignment = 64;

/** Header and content by one read, where the header is no longer than PyTorch makes it; else by two. */
async function readWithHeader(source: ByteSource, record: ZipRecord): Promise<Uint8Array<ArrayBuffer>> {
  const before = record.offset % alignment;
  const room = before + 30 + Buffer.byteLength(record.name) + 4 * alignment;
  const length = Math.min(room + record.size, source.size - record.offset + before);
  const bytes = await source.read(record.offset - before, length);
  if (length < before + 30) throw broken(source, `the record ${record.name}`, "is cut off");
  const from = before + headerLength(source, record, bytes.subarray(before, before + 30));
  return from + record.size <= length
    ? bytes.subarray(from, from + record.size)
    : await source.read(record.offset - before + from, record.size);
}

function headerLength(source: ByteSource, record: ZipRecord, header: Uint8Array): number {
  const head = toView(header);
  if (head.getUint32(0, true) !== 0x04034b50)
    throw broken(source, `the record ${record.name}`, `does not begin at byte ${record.offset}`);
  return 30 + head.getUint16(26, true) + head.getUint16(28, true);
}

interface Directory {
  offset: number;
  size: number;
  count: number;
}

/** The end record is the last thing in the file, behind it a comment whose length it knows. */
async function findDirectory(source: ByteSource): Promise<Directory> {
  const length = Math.min(source.size, 22 + 0xffff);
  const base = source.size - length;
  const tail = toView(await source.read(base, length));
  for (let at = length - 22; at >= 0; at--) {
    if (tail.getUint32(at, true) !== 0x06054b50 || at + 22 + tail.getUint16(at + 20, true) !== length) continue;
    const found = {
      count: tail.getUint16(at + 10, true),
      size: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
    const wide = found.count === 0xffff || found.size === 0xffffffff || found.offset === 0xffffffff;
    // PyTorch writes the wide end record always; where the narrow one says all, it is taken as it is.
    return wide ? await readWideEnd(source, base + at - 20) : found;
  }
  throw broken(source, "the zip archive", "has no end: the file was cut off");
}

/** ZIP64: a locator right before the end record says where the wide end record is. */
async function readWideEnd(source: ByteSource, locatorAt: number): Promise<Directory> {
  const locator = toView(await source.read(locatorAt, 20));
  if (locator.getUint32(0, true) !== 0x07064b50) throw broken(source, "the zip archive", "has no ZIP64 end record");
  const end = toView(await source.read(toSize(locator, 8), 56));
  if (end.getUint32(0, true) !== 0x06064b50) throw broken(source, "the zip archive", "has no ZIP64 end record");
  return { count: toSize(end, 32), size: toSize(end, 40), offset: toSize(end, 48) };
}

function readEntry(source: ByteSource, bytes: DataView, at: number): { record: ZipRecord; end: number } {
  const flags = bytes.getUint16(at + 8, true);
  const method = bytes.getUint16(at + 10, true);
  const extraAt = at + 46 + bytes.getUint16(at + 28, true);
  const extraEnd = extraAt + bytes.getUint16(at + 30, true);
  const end = extraEnd + bytes.getUint16(at + 32, true);
  if (end > bytes.byteLength) throw broken(source, "its directory", "is cut off");
  const name = Buffer.from(bytes.buffer, bytes.byteOffset + at + 46, extraAt - at - 46).toString("utf8");
  if ((flags & 1) !== 0) throw broken(source, `the record ${name}`, "is encrypted");
  if (method !== 0) throw broken(source, `the record ${name}`, `is compressed (method ${method}), wanted a stored one`);
  const sizes = {
    packed: bytes.getUint32(at + 20, true),
    plain: bytes.getUint32(at + 24, true),
    offset: bytes.getUint32(at + 42, true),
  };
  widen(bytes, extraAt, extraEnd, sizes);
  if (sizes.packed !== sizes.plain)
    throw broken(source, `the record ${name}`, `has two sizes, ${sizes.packed} and ${sizes.plain}`);
  return { record: { name, offset: sizes.offset, size: sizes.plain, crc: bytes.getUint32(at + 16, true) }, end };
}

/** Extra field 1 holds, in this order, what the narrow fields could not. */
function widen(
  bytes: DataView,
  from: number,
  to: number,
  sizes: { plain: number; packed: number; offset: number },
): void {
  for (let at = from; at + 4 <= to;) {
    const end = at + 4 + bytes.getUint16(at + 2, true);
    if (bytes.getUint16(at, true) === 1) {
      let next = at + 4;
      for (const key of ["plain", "packed", "offset"] as const) {
        if (sizes[key] !== 0xffffffff || next + 8 > Math.min(end, to)) continue;
        sizes[key] = toSize(bytes, next);
        next += 8;
      }
    }
    at = end;
  }
}

/** 64 bits as a number; one too large for a file stays too large. */
function toSize(bytes: DataView, at: number): number {
  return Number(bytes.getBigUint64(at, true));
}

function toView({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function broken({ name: file }: ByteSource, part: string, fault: string): Error {
  return pytorchBroken({ file, part, fault });
}
