/** @file What a Linux program or library says it needs. Reads 64-bit little-endian ELF (System V ABI, chapters 4 and 5). */
import { elfInvalid } from "../errors.ts";

export interface Elf {
  /** As Linux calls it: `x86_64`, `aarch64`; undefined for any other. */
  machine: "x86_64" | "aarch64" | undefined;
  /** The program that loads it: `/lib64/ld-linux-x86-64.so.2`. Libraries have none. */
  interpreter: string | undefined;
  /** Libraries by name, in their order. */
  needed: readonly string[];
  soname: string | undefined;
  /** Where its libraries are looked for first; `$ORIGIN` is the folder that it lies in. */
  runpath: readonly string[];
  /** Versions of symbols that it asks of each library: `{"libc.so.6": ["GLIBC_2.28"]}`. */
  versions: Readonly<Record<string, readonly string[]>>;
}

/** Bytes from `offset`, fewer at the file's end. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

const machines: Readonly<Record<number, Elf["machine"]>> = { 62: "x86_64", 183: "aarch64" };
const segment = { load: 1, dynamic: 2, interpreter: 3 } as const;
const tag = {
  end: 0,
  needed: 1,
  strings: 5,
  stringsSize: 10,
  soname: 14,
  rpath: 15,
  runpath: 29,
  versions: 0x6fff_fffe,
  versionsCount: 0x6fff_ffff,
} as const;
/** More than any real file has; a broken one must not fill the memory. */
const mostHeaders = 4096;
const mostTable = 64 << 20;

/** Throws `elfInvalid`. `file` is for its message. */
export function readElf(read: ReadAt, file: string): Elf {
  const refuse = (why: string): Error => elfInvalid({ file, why });
  const part = (offset: number, length: number): DataView => {
    if (length > mostTable) throw refuse("a table in it is larger than any real one");
    const bytes = Number.isSafeInteger(offset) && offset >= 0 ? read(offset, length) : new Uint8Array();
    if (bytes.byteLength < length) throw refuse("it is cut short, or points out of itself");
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  };

  const header = part(0, 64);
  if (header.getUint32(0) !== 0x7f45_4c46) throw refuse("it does not begin as ELF files do");
  if (header.getUint8(4) !== 2 || header.getUint8(5) !== 1) throw refuse("it is not of the 64-bit little-endian kind");
  const machine = machines[header.getUint16(18, true)];
  const segments = readSegments(part, header, refuse);

  const named = segments.find(({ type }) => type === segment.interpreter);
  const interpreter = named && readString(part(named.offset, named.fileSize), 0, refuse);
  const dynamic = segments.find(({ type }) => type === segment.dynamic);
  const none = { needed: [], soname: undefined, runpath: [], versions: {} };
  if (dynamic === undefined) return { machine, interpreter, ...none };

  const entries = readDynamic(part(dynamic.offset, dynamic.fileSize));
  const at = (address: number): number => toOffset(address, segments, refuse);
  const value = (wanted: number): number | undefined => entries.find(([key]) => key === wanted)?.[1];
  const strings = value(tag.strings);
  if (strings === undefined) return { machine, interpreter, ...none };
  const table = part(at(strings), value(tag.stringsSize) ?? 0);
  const text = (offset: number): string => readString(table, offset, refuse);
  const soname = value(tag.soname);
  const path = value(tag.runpath) ?? value(tag.rpath);
  const versions = value(tag.versions);
  return {
    machine,
    interpreter,
    needed: entries.filter(([key]) => key === tag.needed).map(([, offset]) => text(offset)),
    soname: soname === undefined ? undefined : text(soname),
    runpath: path === undefined ? [] : text(path).split(":").filter(Boolean),
    versions:
      versions === undefined ? {} : readVersions(part, at(versions), value(tag.versionsCount) ?? 0, text, refuse),
  };
}

interface Segment {
  type: number;
  offset: number;
  address: number;
  fileSize: number;
}

type Part = (offset: number, length: number) => DataView;
type Refuse = (why: string) => Error;

function readSegments(part: Part, header: DataView, refuse: Refuse): Segment[] {
  const size = header.getUint16(54, true);
  const count = header.getUint16(56, true);
  if (count > mostHeaders || (count > 0 && size < 56)) throw refuse("its program headers make no sense");
  const table = part(Number(header.getBigUint64(32, true)), size * count);
  return Array.from({ length: count }, (_, index) => {
    const word = (at: number): number => Number(table.getBigUint64(index * size + at, true));
    return { type: table.getUint32(index * size, true), offset: word(8), address: word(16), fileSize: word(32) };
  });
}

/** Keys and values up to the end mark. */
function readDynamic(table: DataView): [key: number, value: number][] {
  const entries: [number, number][] = [];
  for (let at = 0; at + 16 <= table.byteLength; at += 16) {
    const key = Number(table.getBigUint64(at, true));
    if (key === tag.end) break;
    entries.push([key, Number(table.getBigUint64(at + 8, true))]);
  }
  return entries;
}

/** Addresses in the dynamic section are of the loaded program: the segments say where in the file they are. */
function toOffset(address: number, segments: readonly Segment[], refuse: Refuse): number {
  const found = segments.find(
    (one) => one.type === segment.load && address >= one.address && address < one.address + one.fileSize,
  );
  if (found === undefined) throw refuse("an address in it lies in none of its segments");
  return address - found.address + found.offset;
}

/** Elf64_Verneed and its chain of Elf64_Vernaux (GNU's extension to the ABI). */
function readVersions(
  part: Part,
  start: number,
  count: number,
  text: (offset: number) => string,
  refuse: Refuse,
): Record<string, string[]> {
  const versions: Record<string, string[]> = {};
  if (count > mostHeaders) throw refuse("its table of versions makes no sense");
  for (let index = 0, at = start; index < count; index++) {
    const need = part(at, 16);
    const names: string[] = [];
    for (let number = 0, aux = at + need.getUint32(8, true); number < need.getUint16(2, true); number++) {
      const entry = part(aux, 16);
      names.push(text(entry.getUint32(8, true)));
      aux += entry.getUint32(12, true);
    }
    versions[text(need.getUint32(4, true))] = names;
    at += need.getUint32(12, true);
  }
  return versions;
}

function readString(table: DataView, start: number, refuse: Refuse): string {
  let end = start;
  while (end < table.byteLength && table.getUint8(end) !== 0) end++;
  if (start >= table.byteLength || end === table.byteLength) throw refuse("a name in it has no end");
  return new TextDecoder().decode(new Uint8Array(table.buffer, table.byteOffset + start, end - start));
}
