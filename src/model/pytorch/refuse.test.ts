/** @file What must not be read is refused, by its name, and before memory is spent on it. */

import {
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  archive,
  assemble,
  call,
  dict,
  endOf,
  integer,
  name,
  pickle,
  tensor,
  type TensorParts,
  text,
  tuple,
  uint16,
  uint32,
  uint64,
  zip,
} from "./_fixtures.ts";
import { pytorchBroken, pytorchChoice, pytorchFormat, pytorchGlobal, pytorchOpcode, pytorchTensor } from "./errors.ts";
import { nameOpcode, opcodes } from "./opcodes.ts";
import { openStateDict } from "./state-dict.ts";

const golden = (file: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../../test/golden/pytorch/${file}`, import.meta.url)));
const four = new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer);
const square: TensorParts = { count: 4, shape: [2, 2], strides: [2, 1] };

async function open(bytes: Uint8Array<ArrayBuffer>): Promise<Record<string, number[]>> {
  const { entries } = await openStateDict(bytes);
  const read = [...entries].map(
    async ([key, entry]) => [key, Array.from((await entry.read()) as Float32Array)] as const,
  );
  return Object.fromEntries(await Promise.all(read));
}

describe("names that a file may not use", () => {
  test.each([
    ["os", "system"],
    ["posix", "system"],
    ["builtins", "eval"],
    ["__builtin__", "exec"],
    ["builtins", "getattr"],
    ["subprocess", "Popen"],
    ["torch", "load"],
    ["torch._utils", "_rebuild_sparse_tensor"],
    ["torch", "QInt8Storage"],
    ["torch.hub", "load_state_dict_from_url"],
    ["numpy.core.multiarray", "_reconstruct"],
    ["collections", "OrderedDict.__class__"],
    ["constructor", "prototype"],
    ["torch", "__proto__"],
  ])("%s.%s", async (module, object) => {
    const evil = call(name(module, object), text("touch /tmp/owned"));
    const stacked = assemble(text(module), text(object), opcodes.STACK_GLOBAL, tuple(), opcodes.REDUCE);
    for (const value of [evil, stacked])
      await expect(open(archive(dict({ weight: value })))).rejects.toMatchObject({
        code: pytorchGlobal.code,
        message: expect.stringContaining(`${module}.${object};`),
      });
  });

  test("a whole module, saved with its class", async () => {
    await expect(open(golden("module-zip.pth"))).rejects.toMatchObject({
      code: pytorchGlobal.code,
      message: expect.stringContaining("__main__.Net"),
      mend: expect.stringContaining("torch.save(model.state_dict(), path)"),
    });
  });

  test("control characters of a name do not reach the terminal", async () => {
    await expect(open(archive(name("os\x1b[2J", "system\r")))).rejects.toThrow("os?[2J.system?;");
  });
});

/** What weights are written with; every other byte must be refused. */
const used = new Set(
  "PROTO FRAME MARK POP POP_MARK DUP NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 BINFLOAT INT LONG LONG1 BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8 EMPTY_LIST LIST APPEND APPENDS EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_DICT DICT SETITEM SETITEMS EMPTY_SET ADDITEMS FROZENSET BINPUT LONG_BINPUT MEMOIZE BINGET LONG_BINGET GLOBAL STACK_GLOBAL REDUCE NEWOBJ BUILD BINPERSID STOP".split(
    " ",
  ),
);
const unused = Array.from({ length: 256 }, (_, code) => code).filter((code) => !used.has(nameOpcode(code)));

test("every instruction that is not on the list is refused by its name", async () => {
  expect(unused).toHaveLength(256 - used.size);
  for (const code of unused)
    await expect(open(archive(assemble(code)))).rejects.toMatchObject({
      code: pytorchOpcode.code,
      details: { opcode: nameOpcode(code), offset: 2 },
    });
  expect(unused.map(nameOpcode)).toContain("INST");
  expect(nameOpcode(0xff)).toBe("0xff");
});

describe("pickles that are no value", () => {
  test.each<[string, Uint8Array, string]>([
    ["nothing on the stack", assemble(), "takes a value where there is none"],
    ["a mark that is not there", assemble(opcodes.TUPLE), "goes back to a mark where there is none"],
    [
      "values from below a mark",
      assemble(opcodes.NONE, opcodes.MARK, opcodes.POP),
      "takes a value where there is none",
    ],
    ["values left over", assemble(opcodes.NONE, opcodes.NONE), "stops with values left over"],
    ["a kept value that is not there", assemble(opcodes.BINGET, 7), "recalls value 7, which it never kept"],
    ["a text of 4 GB", assemble(opcodes.BINUNICODE, uint32(0xffffffff)), "is cut off"],
    ["bytes of 2^63", assemble(opcodes.BINBYTES8, uint64(2n ** 63n)), "is cut off"],
    ["appending to a dict", assemble(opcodes.EMPTY_DICT, opcodes.NONE, opcodes.APPEND), "appends to what is no list"],
    [
      "setting in a list",
      assemble(opcodes.EMPTY_LIST, text("a"), text("b"), opcodes.SETITEM),
      "sets items of what is no dict",
    ],
    [
      "an odd number of items",
      assemble(opcodes.EMPTY_DICT, opcodes.MARK, opcodes.NONE, opcodes.SETITEMS),
      "sets items of what is no dict",
    ],
    ["calling a text", assemble(text("print"), tuple(), opcodes.REDUCE), "calls what is no function"],
    [
      "attributes of a list",
      assemble(opcodes.EMPTY_LIST, opcodes.EMPTY_DICT, opcodes.BUILD),
      "sets attributes of what is no dict",
    ],
    ["a newer protocol", assemble(opcodes.PROTO, 6), "is of protocol 6"],
    ["a name without an end", assemble(opcodes.GLOBAL, "x".repeat(600)), "has a name without an end"],
    ["a number that is none", assemble(opcodes.INT, "0x10\n"), "has a whole number that is none"],
    [
      "arguments that PyTorch does not write",
      call(name("torch._utils", "_rebuild_tensor_v2"), text("a")),
      "has other arguments",
    ],
    ["a class that is called as a function", call(name("torch", "FloatStorage")), "has other arguments"],
    ["a storage's name of another kind", assemble(text("storage"), opcodes.BINPERSID), "is not what PyTorch writes"],
    [
      "two million tuples in two megabytes",
      assemble(Buffer.alloc(2_000_001, opcodes.EMPTY_TUPLE)),
      "makes more than 2000000 objects",
    ],
  ])("%s", async (_what, value, fault) => {
    await expect(open(archive(value))).rejects.toMatchObject({
      code: pytorchBroken.code,
      message: expect.stringContaining(fault),
    });
  });
});

describe("tensors that cannot be", () => {
  test.each<[string, Partial<TensorParts>, string]>([
    ["behind the storage's end", { offset: 1 }, "ends at byte 20 of a storage of 16 bytes"],
    ["strides that leave the storage", { strides: [3, 1] }, "ends at byte 20"],
    ["a shape of 2^80", { shape: [2 ** 40, 2 ** 40], strides: [0, 0] }, "too large"],
    ["a terabyte of one repeated number", { shape: [2 ** 38], strides: [0] }, "more than the whole file's"],
    ["a storage of another size", { count: 3, shape: [3], strides: [1] }, "its storage has 16 bytes, wanted 12"],
    ["a storage that is not there", { key: "../../etc/passwd" }, "its storage ../../etc/passwd is not in the file"],
  ])("%s", async (_what, change, fault) => {
    const file = archive(dict({ weight: tensor({ ...square, ...change }) }), { 0: four });
    await expect(open(file)).rejects.toMatchObject({
      code: pytorchTensor.code,
      message: expect.stringMatching(new RegExp(`^weight in .*${fault.replaceAll(".", "\\.")}`)),
    });
  });

  test.each<[string, Partial<TensorParts>]>([
    ["a negative stride", { strides: [-2, 1] }],
    ["a negative offset", { offset: -1 }],
    ["a shape beyond 2^53", { shape: [2n ** 62n, 2] }],
    ["more strides than axes", { strides: [2, 1, 1] }],
    ["sixty-five axes", { shape: Array(65).fill(1), strides: Array(65).fill(1) }],
    ["a storage beyond 2^53 bytes", { count: 2n ** 60n }],
  ])("%s", async (_what, change) => {
    const file = archive(dict({ weight: tensor({ ...square, ...change }) }), { 0: four });
    await expect(open(file)).rejects.toMatchObject({ code: pytorchBroken.code });
  });
});

describe("archives", () => {
  const value = dict({ weight: tensor(square) });
  const whole = { weight: [1, 2, 3, 4] };

  test("wide fields, no checksums, and big-endian numbers are read", async () => {
    expect(await open(archive(value, { 0: four }, { wide: true }))).toEqual(whole);
    expect(await open(archive(value, { 0: four }, { checksum: () => 0 }))).toEqual(whole);
    const big = new Uint8Array(Buffer.from(new Uint8Array(four)).swap32());
    expect(await open(archive(value, { 0: big }, { order: "big" }))).toEqual(whole);
    expect([...big.subarray(0, 4)]).toEqual([...Buffer.from(four.slice(0, 4)).swap32()]);
  });

  test.each<[string, Uint8Array<ArrayBuffer>, string]>([
    ["compressed", archive(value, { 0: four }, { method: 8 }), "is compressed (method 8)"],
    ["encrypted", archive(value, { 0: four }, { flags: 1 }), "is encrypted"],
    [
      "changed",
      archive(value, { 0: four }, { checksum: (content) => (content === four ? 1 : 0) }),
      "the record a/data/0 does not agree with its checksum",
    ],
    [
      "with a record twice",
      zip([
        ["a/data.pkl", pickle(value)],
        ["a/data/0", four],
        ["a/data/0", four],
      ]),
      "the record a/data/0 is there twice",
    ],
    ["of an unknown byte order", archive(value, { 0: four }, { order: "middle" }), "says neither little nor big"],
    ["of more records than fit", assemble("PK\x03\x04", endOf(9, 46, 0, false)), "of 9 records has 46 bytes"],
    [
      "with a directory behind the end",
      assemble("PK\x03\x04", endOf(1, 2 ** 25, 0, true, 4)),
      `but ${2 ** 25} are announced`,
    ],
    ["with a directory of 2^63 bytes", assemble("PK\x03\x04", endOf(1, 2 ** 62, 0, true, 4)), "which cannot be"],
    ["without an end", archive(value, { 0: four }).subarray(0, -1), "has no end: the file was cut off"],
  ])("%s", async (_what, file, fault) => {
    await expect(open(file)).rejects.toMatchObject({
      code: pytorchBroken.code,
      message: expect.stringContaining(fault),
    });
  });

  test("a tensor behind the first 4 GiB is read from its place", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-pytorch-"));
    try {
      // The file is a hole but for its ends: it takes a few kilobytes of the disk.
      const path = join(folder, "large.pth");
      const small = archive(value, { 0: four }, { wide: true });
      const hole = 5 * 2 ** 30;
      const local = small.indexOf(
        0x50,
        small.findIndex((_, i) => Buffer.from(small.subarray(i, i + 8)).equals(Buffer.from("a/data/0"))) - 30,
      );
      const directory = Buffer.from(small).indexOf("PK\x01\x02");
      const end = Buffer.from(small).indexOf("PK\x06\x06");
      const records = Buffer.from(small.subarray(directory, end));
      records.writeBigUInt64LE(BigInt(local + hole), records.lastIndexOf("a/data/0") + 8 + 4 + 16);
      writeFileSync(path, small.subarray(0, local));
      truncateSync(path, local + hole);
      const file = openSync(path, "r+");
      const tail = assemble(
        small.subarray(local, directory),
        records,
        endOf(3, records.length, directory + hole, true),
      );
      writeSync(file, tail, 0, tail.length, local + hole);
      closeSync(file);
      const dictionary = await openStateDict(path);
      expect(await dictionary.entries.get("weight")?.read()).toEqual(Float32Array.of(1, 2, 3, 4));
      await dictionary.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the legacy format", () => {
  const magic = assemble(opcodes.LONG1, 10, Buffer.from("6cfc9c46f9206aa85019", "hex"));
  const legacy = (value: Uint8Array, keys: string[], ...storages: Uint8Array[]): Uint8Array<ArrayBuffer> =>
    assemble(
      pickle(magic),
      pickle(assemble(opcodes.BININT2, uint16(1001))),
      pickle(dict({ little_endian: assemble(opcodes.NEWTRUE) })),
      pickle(value),
      pickle(assemble(opcodes.EMPTY_LIST, opcodes.MARK, keys.map(text), opcodes.APPENDS)),
      storages,
    );
  const storage = assemble(uint64(4), four);

  test("storages that are parts of another, and Python 2's dicts, are read", async () => {
    const part = tensor({ ...square, shape: [2], strides: [1], view: ["view", 2, 2] });
    const pair = (key: string, value: Uint8Array): Uint8Array =>
      assemble(
        opcodes.EMPTY_LIST,
        opcodes.MARK,
        assemble(opcodes.SHORT_BINSTRING, key.length, key),
        value,
        opcodes.APPENDS,
      );
    const pairs = assemble(
      opcodes.EMPTY_LIST,
      opcodes.MARK,
      pair("whole", tensor(square)),
      pair("part", part),
      opcodes.APPENDS,
    );
    const ordered = call(name("collections", "OrderedDict"), pairs);
    expect(await open(legacy(ordered, ["0"], storage))).toEqual({ whole: [1, 2, 3, 4], part: [3, 4] });
  });

  test.each<[string, Uint8Array<ArrayBuffer>, string]>([
    [
      "cut off within a storage",
      legacy(dict({ a: tensor(square) }), ["0"], storage).subarray(0, -1),
      "the file was cut off",
    ],
    ["of another count", legacy(dict({ a: tensor(square) }), ["0"], uint64(5), four, four), "has 5 elements, wanted 4"],
    ["of no tensor", legacy(dict({ a: tensor(square) }), ["1"], storage), "belongs to no tensor"],
    ["listed twice", legacy(dict({ a: tensor(square) }), ["0", "0"], storage, storage), "is there twice"],
    [
      "of two types",
      legacy(dict({ a: tensor(square), b: tensor({ ...square, type: "IntStorage" }) }), ["0"], storage),
      "is described in two ways",
    ],
  ])("a storage %s", async (_what, file, fault) => {
    await expect(open(file)).rejects.toMatchObject({
      code: pytorchBroken.code,
      message: expect.stringContaining(fault),
    });
  });

  test("a view that leaves its storage", async () => {
    const part = tensor({ ...square, view: ["view", 2, 4] });
    await expect(open(legacy(dict({ a: part }), ["0"], storage))).rejects.toMatchObject({ code: pytorchBroken.code });
  });
});

describe("files of another kind are named", () => {
  const tar = new Uint8Array(1024);
  tar.set(Buffer.from("sys_info"), 0);
  tar.set(Buffer.from("ustar"), 257);
  test.each<[string, Uint8Array<ArrayBuffer>, string]>([
    ["nothing", new Uint8Array(0), "empty"],
    ["a tar file", tar, "a tar file, PyTorch's format before 0.2"],
    [
      "a Git LFS pointer",
      assemble("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"),
      "a pointer of Git LFS",
    ],
    ["a web page", assemble("\n<!DOCTYPE html><html>"), "a web page"],
    ["safetensors", assemble(uint64(64), '{"__metadata__":{}}'), "a safetensors file"],
    ["a pickle", pickle(integer(7)), "a pickle that torch.save did not write"],
    ["NumPy's arrays", zip([["a.npy", four]]), "an archive of NumPy arrays"],
    [
      "TorchScript",
      zip([
        ["m/data.pkl", pickle(dict({}))],
        ["m/constants.pkl", four],
        ["m/code/a.py", four],
      ]),
      "a TorchScript program",
    ],
    ["something else", assemble("hello, world"), "unknown (its first bytes are 68656c6c6f2c2077)"],
  ])("%s", async (_what, file, seen) => {
    await expect(open(file)).rejects.toMatchObject({
      code: pytorchFormat.code,
      message: expect.stringContaining(seen),
    });
  });
});

describe("files whose weights cannot be told", () => {
  test.each<[string, Uint8Array, string]>([
    ["no tensors", dict({ epoch: integer(3) }), "no tensors in it"],
    ["a single tensor", tensor(square), "a single tensor at its top"],
    ["a list", assemble(opcodes.EMPTY_LIST), "a list at its top"],
    [
      "two dicts of them",
      dict({ teacher: dict({ a: tensor(square) }), student: dict({ a: tensor(square) }) }),
      "2 dicts of tensors (teacher, student)",
    ],
  ])("%s", async (_what, value, seen) => {
    await expect(open(archive(value, { 0: four }))).rejects.toMatchObject({
      code: pytorchChoice.code,
      message: expect.stringContaining(seen),
    });
  });

  test("dicts within themselves, and shared a billion times over, end", async () => {
    const self = assemble(
      opcodes.EMPTY_DICT,
      opcodes.BINPUT,
      0,
      text("self"),
      opcodes.BINGET,
      0,
      opcodes.SETITEM,
      text("weight"),
      tensor(square),
      opcodes.SETITEM,
    );
    expect(await open(archive(self, { 0: four }))).toEqual({ weight: [1, 2, 3, 4] });
    let value: Uint8Array = dict({ weight: tensor(square) });
    for (let i = 0; i < 40; i++)
      value = assemble(
        opcodes.EMPTY_DICT,
        opcodes.MARK,
        text("a"),
        value,
        opcodes.BINPUT,
        i,
        text("b"),
        opcodes.BINGET,
        i,
        opcodes.SETITEMS,
      );
    expect(await open(archive(value, { 0: four }))).toEqual({ weight: [1, 2, 3, 4] });
  });
});
