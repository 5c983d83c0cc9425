import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SlipwayError } from "../base/errors.ts";
import { onnxMalformed, onnxTensorData, onnxUnwritable } from "./errors.ts";
import { parseModelText } from "./parse-text.ts";
import { printModel } from "./print-text.ts";
import { readModel } from "./read.ts";
import type { Attribute, ElementType, Graph, Model, Node, Tensor, TensorData, ValueInfo } from "./types.ts";
import { addMetadata, writeModel } from "./write.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((value) => value.isWellFormed());
const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const float = fc.float({ noNaN: true });
const int = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n, 2n ** 53n),
);

/** For each element type, how its data are drawn. */
const makers: [ElementType, (length: number) => fc.Arbitrary<TensorData>][] = [
  ["float32", (length) => list(float, length).map((values) => Float32Array.from(values))],
  ["float64", (length) => list(fc.double({ noNaN: true }), length).map((values) => Float64Array.from(values))],
  ["uint8", (length) => list(fc.nat(255), length).map((values) => Uint8Array.from(values))],
  ["bool", (length) => list(fc.nat(1), length).map((values) => Uint8Array.from(values))],
  ["int8", (length) => list(fc.integer({ min: -128, max: 127 }), length).map((values) => Int8Array.from(values))],
  ["float16", (length) => list(fc.nat(65_535), length).map((values) => Uint16Array.from(values))],
  ["int32", (length) => list(fc.integer(), length).map((values) => Int32Array.from(values))],
  [
    "int64",
    (length) =>
      list(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), length).map((values) => BigInt64Array.from(values)),
  ],
  [
    "uint64",
    (length) => list(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), length).map((values) => BigUint64Array.from(values)),
  ],
  ["string", (length) => list(text, length)],
];

const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(text, fc.constantFrom(...makers), shape)
  .chain(([name, [type, make], sizes]) =>
    make(sizes.reduce((all, size) => all * size, 1)).map((data) => ({ name, type, shape: sizes, data })),
  );

const valueInfo: fc.Arbitrary<ValueInfo> = fc.record({
  name: text,
  type: fc.oneof(
    { arbitrary: fc.record({ kind: fc.constantFrom("sequence", "map", "optional", "sparse", "unknown") }), weight: 1 },
    { arbitrary: tensorType(), weight: 4 },
  ),
});

function tensorType(): fc.Arbitrary<ValueInfo["type"]> {
  return fc.record(
    {
      kind: fc.constant("tensor" as const),
      element: fc.constantFrom<ElementType>("float32", "uint8", "string", "int64"),
      shape: fc.array(
        fc.oneof(
          fc.nat(1000),
          text.filter((name) => name !== ""),
          fc.constant(null),
        ),
        { maxLength: 4 },
      ),
    },
    { requiredKeys: ["kind", "element"] },
  );
}

const { graph } = fc.letrec<{ graph: Graph; node: Node; attribute: Attribute }>((tie) => ({
  attribute: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ kind: fc.constant("int" as const), value: int }),
    fc.record({ kind: fc.constant("float" as const), value: float }),
    fc.record({ kind: fc.constant("string" as const), value: fc.oneof(text, fc.constant(Uint8Array.of(255, 0, 192))) }),
    fc.record({ kind: fc.constant("ints" as const), value: fc.array(int, { maxLength: 5 }) }),
    fc.record({
      kind: fc.constant("floats" as const),
      value: fc.array(float, { maxLength: 5 }).map((values) => Float32Array.from(values)),
    }),
    fc.record({ kind: fc.constant("strings" as const), value: fc.array(text, { maxLength: 3 }) }),
    fc.record({ kind: fc.constant("tensor" as const), value: tensor }),
    fc.record({ kind: fc.constant("tensors" as const), value: fc.array(tensor, { maxLength: 2 }) }),
    fc.record({ kind: fc.constant("reference" as const), value: text }),
    fc.record({ kind: fc.constant("graph" as const), value: tie("graph") }),
  ),
  node: fc.record({
    name: text,
    op: text,
    domain: text,
    inputs: fc.array(text, { maxLength: 3 }),
    outputs: fc.array(text, { maxLength: 3 }),
    attributes: dictionary(tie("attribute")),
  }),
  graph: fc.record({
    name: text,
    nodes: fc.array(tie("node"), { maxLength: 3, depthIdentifier: "graph" }),
    initializers: fc.array(tensor, { maxLength: 2 }),
    inputs: fc.array(valueInfo, { maxLength: 2 }),
    outputs: fc.array(valueInfo, { maxLength: 2 }),
  }),
}));

const model: fc.Arbitrary<Model> = fc.record({
  irVersion: fc.nat(20),
  opsets: fc.constantFrom<Record<string, number>>({ "": 17 }, { "": 21, "com.microsoft": 1 }, {}),
  producer: fc.record({ name: text, version: text }),
  graph,
  metadata: dictionary(text),
});

describe("write, then read", () => {
  test("gives the same model, whatever it holds", () => {
    fc.assert(
      fc.property(model, (value) => {
        expect(readModel(writeModel(value))).toEqual(value);
      }),
      { numRuns: 150 },
    );
  });

  test("gives the same model from a Buffer at an odd place in memory", () => {
    fc.assert(
      fc.property(model, fc.integer({ min: 1, max: 7 }), (value, offset) => {
        const bytes = writeModel(value);
        const buffer = Buffer.alloc(bytes.length + offset);
        buffer.set(bytes, offset);
        expect(readModel(buffer.subarray(offset))).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  test("keeps attributes and metadata called __proto__", () => {
    const value = empty({ metadata: Object.fromEntries([["__proto__", "x"]]) });
    expect(Object.entries(readModel(writeModel(value)).metadata)).toEqual([["__proto__", "x"]]);
  });

  test("packs a long list of numbers quickly into one field", () => {
    const ints = Array.from({ length: 300_000 }, (_, index) => index - 1000);
    const node: Node = {
      name: "",
      op: "X",
      domain: "",
      inputs: [],
      outputs: [],
      attributes: { many: { kind: "ints", value: ints } },
    };
    const bytes = writeModel(empty({ nodes: [node] }));
    // A tag for each number would be 300,000 bytes more.
    expect(bytes.length).toBeLessThan(910_000 + 10_000);
    expect(readModel(bytes).graph.nodes[0]?.attributes["many"]).toEqual({ kind: "ints", value: ints });
  });

  test("adds metadata to a file without touching the rest; the last of two counts", () => {
    const file = Uint8Array.of(...writeModel(empty({ metadata: { a: "1", b: "2" } })), ...unknownField);
    const changed = addMetadata(file, "a", "3");
    expect(changed.subarray(0, file.length)).toEqual(file);
    expect(readModel(changed).metadata).toEqual({ a: "3", b: "2" });
  });
});

describe("files of other writers", () => {
  test("numbers one by one, and in the fields of their type", () => {
    const floats = message([
      [1, varint(2)],
      [2, varint(1)],
      [4, fixed32(1.5)],
      [4, fixed32(-2)],
      [8, "w"],
    ]);
    const packed = message([
      [1, varint(2)],
      [2, varint(1)],
      [4, Uint8Array.of(...fixed32(1.5).bytes, ...fixed32(-2).bytes)],
      [8, "w"],
    ]);
    const longs = message([
      [1, Uint8Array.of(2)],
      [2, varint(7)],
      [7, varint(5)],
      [7, varint(-1n)],
      [8, "i"],
    ]);
    const halves = message([
      [2, varint(10)],
      [5, varint(0x3c00)],
      [8, "h"],
    ]);
    const file = message([
      [
        7,
        message([
          [5, floats],
          [5, packed],
          [5, longs],
          [5, halves],
        ]),
      ],
    ]);
    expect(readModel(file).graph.initializers).toEqual([
      { name: "w", type: "float32", shape: [2], data: Float32Array.of(1.5, -2) },
      { name: "w", type: "float32", shape: [2], data: Float32Array.of(1.5, -2) },
      { name: "i", type: "int64", shape: [2], data: BigInt64Array.of(5n, -1n) },
      { name: "h", type: "float16", shape: [], data: Uint16Array.of(0x3c00) },
    ]);
  });

  test("unknown fields are skipped wherever they stand", () => {
    const known = message([[7, Uint8Array.of(...unknownField, ...message([[2, "g"]]))]]);
    expect(readModel(Uint8Array.of(...unknownField, ...known)).graph.name).toBe("g");
  });

  test("data in another file are told, not looked for", () => {
    const outside = message([
      [1, varint(4)],
      [2, varint(1)],
      [8, "w"],
      [
        13,
        message([
          [1, "location"],
          [2, "w.bin"],
        ]),
      ],
      [14, varint(1)],
    ]);
    const read = readModel(message([[7, message([[5, outside]])]])).graph.initializers[0];
    expect(read).toEqual({ name: "w", type: "float32", shape: [4], data: [], external: { location: "w.bin" } });
  });

  test("sequences and maps keep their kind", () => {
    const output = message([
      [1, "y"],
      [2, message([[4, message([])]])],
    ]);
    expect(readModel(message([[7, message([[12, output]])]])).graph.outputs).toEqual([
      { name: "y", type: { kind: "sequence" } },
    ]);
  });
});

describe("broken files", () => {
  test("random bytes never fail but by name", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(outcomeOf(bytes)).toMatch(/^(read|refused)$/);
      }),
      { numRuns: 2000 },
    );
  });

  test("a changed, cut or doubled file never fails but by name", () => {
    fc.assert(
      fc.property(model, fc.nat(), fc.nat(255), fc.boolean(), (value, place, byte, cut) => {
        const bytes = writeModel(value);
        const at = place % Math.max(1, bytes.length);
        const changed = cut ? bytes.slice(0, at) : bytes.with(at, byte);
        expect(outcomeOf(changed)).toMatch(/^(read|refused)$/);
      }),
      { numRuns: 1000 },
    );
  });

  test("every cut of a small file is refused or whole", () => {
    const bytes = writeModel(
      empty({ initializers: [{ name: "w", type: "float32", shape: [3], data: Float32Array.of(1, 2, 3) }] }),
    );
    for (let length = 0; length < bytes.length; length++)
      expect(outcomeOf(bytes.slice(0, length))).toMatch(/^(read|refused)$/);
  });

  test.for<[string, Uint8Array, string, string]>([
    ["no graph", message([[1, varint(8)]]), onnxMalformed.code, "no graph"],
    ["a field past the end", Uint8Array.of(0x3a, 100, 1), onnxMalformed.code, "100 bytes where 1 are left"],
    ["a number without an end", new Uint8Array(12).fill(255), onnxMalformed.code, "more than ten bytes"],
    ["a wire type of old", Uint8Array.of(0x0b), onnxMalformed.code, "wire type 3"],
    [
      "too few values",
      message([
        [
          7,
          message([
            [
              5,
              message([
                [1, varint(3)],
                [2, varint(1)],
                [9, new Uint8Array(8)],
              ]),
            ],
          ]),
        ],
      ]),
      onnxTensorData.code,
      "8 bytes of data where float32 of 3 has 12",
    ],
    [
      "a negative size",
      message([
        [
          7,
          message([
            [
              5,
              message([
                [1, varint(-3n)],
                [2, varint(1)],
              ]),
            ],
          ]),
        ],
      ]),
      onnxTensorData.code,
      "a size of -3",
    ],
    [
      "a huge size without data",
      message([
        [
          7,
          message([
            [
              5,
              message([
                [1, varint(2n ** 50n)],
                [2, varint(1)],
              ]),
            ],
          ]),
        ],
      ]),
      onnxTensorData.code,
      "0 values",
    ],
    [
      "an unknown element type",
      message([[7, message([[5, message([[2, varint(99)]])]])]]),
      onnxMalformed.code,
      "element type numbered 99",
    ],
  ])("%s: named", ([, bytes, code, part]) => {
    expect(() => readModel(bytes)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(part) as string }) as Error,
    );
  });

  test("graphs nested without end are refused", () => {
    let bytes = message([[2, "inner"]]);
    for (let depth = 0; depth < 100; depth++)
      bytes = message([
        [
          1,
          message([
            [
              5,
              message([
                [1, "body"],
                [6, bytes],
                [20, varint(5)],
              ]),
            ],
          ]),
        ],
      ]);
    expect(() => readModel(message([[7, bytes]]))).toThrow(/nested more than 64 deep/);
  });

  test("data that do not fit their type are not written", () => {
    const wrong: Tensor = { name: "w", type: "float32", shape: [2], data: Float32Array.of(1) };
    expect(() => writeModel(empty({ initializers: [wrong] }))).toThrow(
      expect.objectContaining({ code: onnxUnwritable.code }) as Error,
    );
  });
});

describe("the text form", () => {
  test("reads back as the same model", () => {
    fc.assert(
      fc.property(model, (value) => {
        const nameless = withoutNodeNames(value);
        expect(parseModelText(printModel(nameless))).toEqual(nameless);
      }),
      { numRuns: 150 },
    );
  });

  test("says where it is wrong", () => {
    expect(() => parseModelText("<ir_version: 8>\ng (float32[N] x) => (float33[N] y) {}")).toThrow(
      /line 2, column \d+: no element type is called float33/,
    );
  });
});

const unknownField = message([
  [200, "unknown"],
  [201, varint(7)],
  [202, fixed32(1)],
]);

function empty(parts: Partial<Graph> & { metadata?: Record<string, string> }): Model {
  const { metadata = {}, ...rest } = parts;
  const plain: Graph = { name: "g", nodes: [], initializers: [], inputs: [], outputs: [], ...rest };
  return { irVersion: 8, opsets: { "": 17 }, producer: { name: "", version: "" }, graph: plain, metadata };
}

function outcomeOf(file: Uint8Array): string {
  try {
    readModel(file);
    return "read";
  } catch (error) {
    return error instanceof SlipwayError ? "refused" : String(error);
  }
}

/** The text form has no node names, and a dot ends the domain. */
function withoutNodeNames(value: Model): Model {
  const simple = (name: string): string => name.replaceAll(".", "_");
  const clean = (inner: Graph): Graph => ({
    ...inner,
    nodes: inner.nodes.map((node) => ({
      ...node,
      name: "",
      op: simple(node.op),
      attributes: Object.fromEntries(
        Object.entries(node.attributes).map(([name, attribute]) => [
          name,
          attribute.kind === "graph" ? { ...attribute, value: clean(attribute.value) } : attribute,
        ]),
      ),
    })),
  });
  return { ...value, graph: clean(value.graph) };
}

function list<T>(one: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> {
  return fc.array(one, { minLength: length, maxLength: length });
}

function dictionary<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc
    .uniqueArray(fc.tuple(text, value), { selector: ([key]) => key, maxLength: 3 })
    .map((entries) => Object.fromEntries(entries));
}

/* A second, naive writer of the wire format, so that the codec is not only compared with itself. */

function message(fields: [number, Uint8Array | string | { type: number; bytes: number[] }][]): Uint8Array {
  return Uint8Array.from(
    fields.flatMap(([field, value]) => {
      if (typeof value === "object" && "type" in value)
        return [...naive(BigInt((field << 3) | value.type)), ...value.bytes];
      const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
      return [...naive(BigInt((field << 3) | 2)), ...naive(BigInt(bytes.length)), ...bytes];
    }),
  );
}

function varint(value: number | bigint): { type: number; bytes: number[] } {
  return { type: 0, bytes: naive(BigInt.asUintN(64, BigInt(value))) };
}

function fixed32(value: number): { type: number; bytes: number[] } {
  return { type: 5, bytes: [...new Uint8Array(Float32Array.of(value).buffer)] };
}

function naive(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...naive(value >> 7n)];
}
