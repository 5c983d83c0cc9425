/** @file Reads tar archives: npm's packages, and layers of images that others made. */
import { archiveBroken } from "../errors.ts";

export interface TarFile {
  /** As written, without a leading `./` or `/`. */
  path: string;
  mode: number;
  kind: "file" | "folder" | "link" | "other";
  /** Of a link. */
  target: string;
  /** A view into the archive. */
  bytes: Uint8Array;
}

const decoder = new TextDecoder();

/** The entries of an archive in memory, in their order. `name` is for messages. Throws `archiveBroken`. */
export function* readTar(archive: Uint8Array, name: string): Generator<TarFile> {
  const refuse = (why: string) => archiveBroken({ file: name, why });
  let overrides: Partial<Record<string, string>> = {};
  for (let at = 0; at < archive.length;) {
    const header = archive.subarray(at, at + 512);
    if (header.length < 512) throw refuse("it ends within a header");
    if (header.every((byte) => byte === 0)) return;
    const size = Number(overrides["size"] ?? readNumber(header.subarray(124, 136)));
    if (!isRightSum(header)) throw refuse(`the header at byte ${at} is damaged`);
    if (!Number.isSafeInteger(size) || size < 0) throw refuse(`the header at byte ${at} has no size`);
    const bytes = archive.subarray(at + 512, at + 512 + size);
    if (bytes.length < size) throw refuse("it ends within a file");
    at += 512 + Math.ceil(size / 512) * 512;
    const type = String.fromCharCode(header[156]!);
    // Headers for what follows: pax (`x`), pax for all (`g`: git's commit note, of no use here), GNU's long names.
    if (type === "g") continue;
    if (type === "x") {
      overrides = { ...overrides, ...readPax(bytes, refuse) };
      continue;
    }
    if (type === "L" || type === "K") {
      overrides = { ...overrides, [type === "L" ? "path" : "linkpath"]: readText(bytes) };
      continue;
    }
    const prefix = readText(header.subarray(345, 500));
    const short = readText(header.subarray(0, 100));
    const path = overrides["path"] ?? (isUstar(header) && prefix !== "" ? `${prefix}/${short}` : short);
    yield {
      path: path.replace(/^(\.?\/)+/, "").replace(/\/$/, ""),
      mode: readNumber(header.subarray(100, 108)) & 0o7777,
      kind: type === "0" || type === "\0" ? "file" : type === "5" ? "folder" : type === "2" ? "link" : "other",
      target: overrides["linkpath"] ?? readText(header.subarray(157, 257)),
      bytes,
    };
    overrides = {};
  }
}

function readText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Octal digits, or GNU's binary form, which begins with the highest bit. */
function readNumber(bytes: Uint8Array): number {
  if ((bytes[0]! & 0x80) !== 0) return bytes.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
  const text = readText(bytes).trim();
  return text === "" ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

function isUstar(header: Uint8Array): boolean {
  return readText(header.subarray(257, 262)) === "ustar" && header[262] === 0;
}

function isRightSum(header: Uint8Array): boolean {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  return sum === readNumber(header.subarray(148, 156));
}

function readPax(bytes: Uint8Array, refuse: (why: string) => Error): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(decoder.decode(bytes.subarray(at, space)));
    const record = decoder.decode(bytes.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    if (!Number.isInteger(length) || length <= space - at || equals < 0) throw refuse("it has a broken pax header");
    records[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}
