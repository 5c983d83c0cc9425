/** @file Files as an adversary, or a test of one fine point, would make them: a small assembler of pickles and zip archives. */

import { crc32 } from "node:zlib";
import { opcodes } from "./opcodes.ts";

type Part = number | string | Uint8Array;

/** Instructions by code, texts as they are, all joined. */
export function assemble(...parts: (Part | Part[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    Buffer.concat(
      parts.flat().map((part) => (typeof part === "number" ? Buffer.of(part) : Buffer.from(part as Uint8Array))),
    ),
  );
}

export const text = (value: string): Uint8Array =>
  assemble(opcodes.BINUNICODE, uint32(Buffer.byteLength(value)), value);
export const name = (module: string, object: string): Uint8Array => assemble(opcodes.GLOBAL, `${module}\n${object}\n`);
export const tuple = (...items: Uint8Array[]): Uint8Array => assemble(opcodes.MARK, items, opcodes.TUPLE);
export const call = (callee: Uint8Array, ...args: Uint8Array[]): Uint8Array =>
  assemble(callee, tuple(...args), opcodes.REDUCE);
export const dict = (items: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  assemble(
    opcodes.EMPTY_DICT,
    opcodes.MARK,
    Object.entries(items).flatMap(([key, value]) => [text(key), value]),
    opcodes.SETITEMS,
  );
export const pickle = (value: Uint8Array): Uint8Array<ArrayBuffer> => assemble(opcodes.PROTO, 2, value, opcodes.STOP);

export function integer(value: number | bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return assemble(opcodes.LONG1, 8, bytes);
}

export interface TensorParts {
  type?: string;
  key?: string;
  /** Elements of the storage. */
  count: number | bigint;
  offset?: number | bigint;
  shape: readonly (number | bigint)[];
  strides: readonly (number | bigint)[];
  /** [key, offset, size] of a storage that is part of another, as files of 2017 have it. */
  view?: readonly [string, number, number];
}

export function tensor({
  type = "FloatStorage",
  key = "0",
  count,
  offset = 0,
  shape,
  strides,
  view,
}: TensorParts): Uint8Array {
  const part = view === undefined ? assemble(opcodes.NONE) : tuple(text(view[0]), integer(view[1]), integer(view[2]));
  const id = tuple(
    text("storage"),
    name("torch", type),
    text(key),
    text("cpu"),
    integer(count),
    ...(view === undefined ? [] : [part]),
  );
  const storage = assemble(id, opcodes.BINPERSID);
  const numbers = (values: readonly (number | bigint)[]): Uint8Array => tuple(...values.map(integer));
  const hooks = call(name("collections", "OrderedDict"));
  return call(
    name("torch._utils", "_rebuild_tensor_v2"),
    storage,
    integer(offset),
    numbers(shape),
    numbers(strides),
    assemble(opcodes.NEWFALSE),
    hooks,
  );
}

/** An archive as PyTorch's, of what its pickle says and its storages hold. */
export function archive(
  value: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  options: ZipOptions & { order?: string } = {},
): Uint8Array<ArrayBuffer> {
  const data = Object.entries(storages).map(([key, bytes]) => [`a/data/${key}`, bytes] as const);
  return zip(
    [["a/data.pkl", pickle(value)], ["a/byteorder", Buffer.from(options.order ?? "little")], ...data],
    options,
  );
}

export interface ZipOptions {
  /** Sizes and places in the wide fields. */
  wide?: boolean;
  method?: number;
  flags?: number;
  checksum?: (content: Uint8Array) => number;
}

export function zip(
  records: readonly (readonly [string, Uint8Array])[],
  { wide = false, method = 0, flags = 0, checksum = crc32 }: ZipOptions = {},
): Uint8Array<ArrayBuffer> {
  const files: Uint8Array[] = [];
  const entries: Uint8Array[] = [];
  let at = 0;
  for (const [path, content] of records) {
    const common = [uint16(flags), uint16(method), uint32(0), uint32(checksum(content))];
    const local = assemble(
      "PK\x03\x04",
      uint16(45),
      common,
      sizes(content.length),
      uint16(path.length),
      uint16(3),
      path,
      "pad",
    );
    const extra = wide
      ? assemble(uint16(1), uint16(24), uint64(content.length), uint64(content.length), uint64(at))
      : assemble();
    entries.push(
      assemble(
        "PK\x01\x02",
        uint16(45),
        uint16(45),
        common,
        sizes(wide ? 0xffffffff : content.length),
        [uint16(path.length), uint16(extra.length), uint16(0), uint16(0), uint16(0), uint32(0)],
        uint32(wide ? 0xffffffff : at),
        path,
        extra,
      ),
    );
    files.push(local, content);
    at += local.length + content.length;
  }
  return assemble(files, entries, endOf(records.length, assemble(entries).length, at, wide));
}

/** The end of an archive whose directory of `size` bytes begins at `offset`; `at` is where the end itself lies. */
export function endOf(count: number, size: number, offset: number, wide: boolean, at = offset + size): Uint8Array {
  const end = assemble(
    "PK\x06\x06",
    uint64(44),
    uint16(45),
    uint16(45),
    uint32(0),
    uint32(0),
    uint64(count),
    uint64(count),
    uint64(size),
    uint64(offset),
  );
  const locator = assemble("PK\x06\x07", uint32(0), uint64(at), uint32(1));
  const narrow = wide
    ? [uint16(0xffff), uint16(0xffff), uint32(0xffffffff), uint32(0xffffffff)]
    : [uint16(count), uint16(count), uint32(size), uint32(offset)];
  return assemble(wide ? [end, locator] : [], "PK\x05\x06", uint16(0), uint16(0), narrow, uint16(0));
}

const sizes = (size: number): Uint8Array => assemble(uint32(size), uint32(size));

export function uint16(value: number): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function uint64(value: number | bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
