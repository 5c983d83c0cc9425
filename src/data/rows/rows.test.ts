import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { dataInterrupted } from "../errors.ts";
import { loadExamples, openDataset } from "../open.ts";
import { splitByTime, splitDataset } from "../split.ts";
import { datasetDiff, datasetStatus, holdLock, lockDataset } from "../status.ts";
import type { Row, RowSource, TableDataset } from "../types.ts";
import { csv, jsonl, rows } from "./define.ts";
import { readCsv } from "./read-csv.ts";
import { formatTime, parseTime } from "./time.ts";

function makeFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), "slipway-rows-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, name), content);
  return root;
}

const intents = { text: "text", label: "intent" };
const table = { columns: ["a", "b"], target: "kind" };
const timed = { ...table, time: "day" };
const lines = (...all: readonly object[]): string => all.map((each) => `${JSON.stringify(each)}\n`).join("");

async function faultsOf(content: string | Uint8Array, source: RowSource = jsonl("data", intents)): Promise<string[]> {
  const root = makeFolder({ data: content });
  const error: unknown = await openDataset(source, { root }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "SLIPWAY_DATA_ROWS_FAULTY" });
  const { faults } = (error as { details: { faults: { kind: string; path: string; message: string }[] } }).details;
  return faults.map(({ kind, path, message }) => `${path} ${kind}: ${message}`);
}

describe("JSON lines", () => {
  test("a byte order mark, CR LF, blank lines and other columns are no fault", async () => {
    const root = makeFolder({
      data: '\ufeff{"text":"Grüezi","intent":"greeting","id":1}\r\n\r\n{"text":"bye","intent":"goodbye"}',
    });
    const dataset = await openDataset(jsonl("data", intents), { root });
    const examples = await loadExamples(dataset);
    expect(examples).toMatchObject({
      kind: "text",
      count: 2,
      labels: ["goodbye", "greeting"],
      texts: ["bye", "Grüezi"],
    });
    expect([...examples.targets]).toEqual([0, 1]);
    expect(dataset.entries.map(({ at }) => at)).toEqual(["data:3", "data:1"]);
    expect(dataset.warnings.map(({ kind, message }) => `${kind}: ${message}`)).toContain(
      "ignored: columns that are not used: id",
    );
  });

  test("every bad row is named with its line and what is wrong with it", async () => {
    const content = [
      '{"text":"fine","intent":"a"}',
      "nope",
      '{"text":"","intent":"a"}',
      '{"text":3,"intent":null}',
      "[1]",
      '{"text":"half \\ud800","intent":{}}',
      '{"text":"no label"}',
    ].join("\n");
    const faults = await faultsOf(content);
    expect(faults[0]).toMatch(/^data:2 format: is no JSON: /);
    expect(faults.slice(1)).toEqual([
      'data:3 empty: "text" is empty, wanted a text',
      'data:4 notText: "text" is 3, wanted a text',
      'data:4 missing: "intent" is missing',
      'data:5 format: is a list, wanted a JSON object such as {"text": "…", "label": "…"}',
      'data:6 encoding: "text" holds half of a surrogate pair, which is no Unicode',
      'data:6 notLabel: "intent" is {}, wanted a label',
      'data:7 missing: "intent" is missing',
    ]);
  });

  test("a column that is nowhere is told once, with the nearest one", async () => {
    expect(await faultsOf(lines({ txt: "a", intent: "b" }))).toEqual([
      'data missing: has no column "text", only "txt", "intent"; did you mean "txt"?',
    ]);
  });

  test("bytes that are no UTF-8 are told by line, UTF-16 by name", async () => {
    expect(await faultsOf(Buffer.from([0x7b, 0x7d, 10, 0xff, 0x41, 10, 0x42, 10, 0xc3]))).toEqual([
      "data:2 encoding: is no UTF-8",
      "data:4 encoding: is no UTF-8",
    ]);
    expect(await faultsOf(Buffer.from([0xff, 0xfe, 0x7b, 0]))).toEqual([
      "data encoding: is UTF-16 (little endian), wanted UTF-8",
    ]);
  });

  test("no rows, one label, and no file", async () => {
    expect(await faultsOf("\n\n")).toEqual(["data fewLabels: has no rows"]);
    expect(await faultsOf(lines({ text: "a", intent: "x" }))).toEqual([
      "data fewLabels: has one label (x) in all its 1 rows; wanted two or more",
    ]);
    await expect(openDataset(jsonl("none", intents), { root: makeFolder() })).rejects.toMatchObject({
      code: "SLIPWAY_DATA_FILE_MISSING",
      message: expect.stringMatching(/none cannot be read: no such file or directory \(ENOENT\)$/) as string,
    });
  });
});

describe("CSV", () => {
  test("quotes, separators and line breaks within fields, and lines that are counted right", async () => {
    const root = makeFolder({ data: 'kind;a;b\r\n"x;\r\ny";1;-2.5e3\r\n\r\nz;".5";7\r\n' });
    const dataset = await openDataset(csv("data", { ...table, separator: ";" }), { root });
    expect(dataset).toMatchObject({ kind: "table", columns: ["a", "b"], labels: ["x;\ny", "z"] });
    expect([...(dataset as TableDataset).values]).toEqual([1, -2500, 0.5, 7]);
    expect(dataset.entries.map(({ at }) => at)).toEqual(["data:2", "data:5"]);
  });

  test("every bad cell is named", async () => {
    const content =
      'day,a,b,kind\n2024-01-03,1,2,up\n2024-02-31,3,-4e,\n1,2\n"x\ny",,"1,5",up\n2024-01-04,1e39,0x10,up\n';
    expect(await faultsOf(content, csv("data", timed))).toEqual([
      'data:3 notNumber: "b" is "-4e", wanted a number',
      'data:3 empty: "kind" is empty, wanted a label',
      'data:3 notTime: "day" is "2024-02-31", wanted a time such as 2024-01-31 or 2024-01-31T10:00:00Z',
      "data:4 format: has 2 fields, wanted 4 as the first line names them",
      'data:5 notNumber: "a" is empty, wanted a number',
      'data:5 notNumber: "b" is "1,5", wanted a number',
      'data:5 notTime: "day" is "x\\ny", wanted a time such as 2024-01-31 or 2024-01-31T10:00:00Z',
      'data:7 notNumber: "a" is "1e39", wanted one that 32 bits hold (up to 3.4e38)',
      'data:7 notNumber: "b" is "0x10", wanted a number',
    ]);
    expect(await faultsOf('a,b,kind\n1,"2,x\n', csv("data", table))).toEqual([
      expect.stringMatching(/^data format: Quote Not Closed: .* nothing of it was read$/),
    ]);
    expect(await faultsOf("a,b,a,kind\n1,2,3,x\n", csv("data", table))).toContain(
      'data:1 format: names the column "a" twice',
    );
  });

  test("what was written is read, for any texts", () => {
    const field = fc.string({ unit: "binary" }).map((text) => text.replaceAll(/\r\n?/g, "\n"));
    const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field), { minLength: 1 }), (records) => {
        const text = ["a,b", ...records.map((record) => record.map(quote).join(","))].join("\r\n");
        const { rows: read, faults } = readCsv(text, "data", ",");
        expect(faults).toEqual([]);
        expect(read.map(({ row }) => [row["a"], row["b"]])).toEqual(records);
      }),
    );
  });
});

test("times as people write them", () => {
  const noon = Date.UTC(2024, 0, 31, 12);
  for (const text of [
    "2024-01-31T12:00",
    "2024-01-31 12:00:00.000Z",
    "2024-01-31T13:00+01:00",
    "2024-01-31T13:00:00+0100",
  ])
    expect(parseTime(text)).toBe(noon);
  expect([parseTime(noon / 1000), parseTime(noon), parseTime(String(noon / 1000))]).toEqual([noon, noon, noon]);
  for (const wrong of ["31.1.2024", "2024-13-01", "2024-02-30", "today", "", "2024", null, true, Number.NaN, 1e300])
    expect(parseTime(wrong)).toBeUndefined();
  expect([formatTime(Date.UTC(2024, 0, 31)), formatTime(noon)]).toEqual(["2024-01-31", "2024-01-31T12:00:00.000Z"]);
});

describe("the lock", () => {
  test("tells texts that went to another label, came and went; the order of lines says nothing", async () => {
    const before = [
      { text: "hello", intent: "a" },
      { text: "rain", intent: "b" },
      { text: "bye", intent: "b" },
    ];
    const root = makeFolder({ data: lines(...before) });
    const source = jsonl("data", intents);
    lockDataset(await openDataset(source, { root }), root);
    writeFileSync(join(root, "data"), lines(...before.toReversed()));
    expect(datasetStatus(await openDataset(source, { root }), root).state).toBe("same");
    writeFileSync(join(root, "data"), lines({ text: "hello", intent: "b" }, { text: "new", intent: "a" }, before[1]!));
    const { lines: told } = datasetDiff(await openDataset(source, { root }), root);
    expect(told).toEqual([
      expect.stringMatching(/^1 text moved from label a to b: a\/(\w{16}) → b\/\1$/),
      expect.stringMatching(/^1 text removed: b\//),
      expect.stringMatching(/^1 text added: a\//),
    ]);
  });

  test("takes in new rows of growing data, and refuses a changed past", async () => {
    const day = (number: number, a = number): Row => ({
      day: `2024-01-0${number}`,
      a,
      b: 1,
      kind: number % 2 ? "up" : "down",
    });
    const root = makeFolder({ data: lines(day(1), day(2)) });
    const source = jsonl("data", { ...timed, growing: true });
    const hold = async () => holdLock(await openDataset(source, { root }), root);
    expect(await hold()).toMatchObject({ made: true, grown: 0 });
    writeFileSync(join(root, "data"), lines(day(1), day(2), day(3)));
    expect(await hold()).toMatchObject({ made: false, grown: 1, lock: { count: 3 } });
    expect(await hold()).toMatchObject({ made: false, grown: 0 });
    writeFileSync(join(root, "data"), lines(day(1), day(2, 7), day(3), day(4)));
    await expect(hold()).rejects.toMatchObject({
      code: "SLIPWAY_DATA_LOCK_DIFFERS",
      message: expect.stringContaining("1 row changed: down/2024-01-02") as string,
    });
  });
});

describe("a loader of the project's own", () => {
  const made = [
    { day: new Date("2024-01-02"), a: 1, b: 2, kind: true },
    { day: new Date("2024-01-01"), a: 3, b: 4, kind: false },
  ];

  test("is asked once while its rows are fresh, and its rows are like those of a file", async () => {
    const root = makeFolder();
    let asked = 0;
    const source = rows("prices", () => (asked++, made), { ...timed, maxAge: 60 });
    const first = await openDataset(source, { root });
    const second = await openDataset(source, { root });
    expect([asked, first.digest]).toEqual([1, second.digest]);
    expect(first).toMatchObject({ kind: "table", labels: ["false", "true"] });
    expect([...(first as TableDataset).values]).toEqual([3, 4, 1, 2]);
    const kept = join(root, ".slipway/cache/rows/prices.jsonl");
    writeFileSync(join(root, "copy.jsonl"), readFileSync(kept));
    expect((await openDataset(jsonl("copy.jsonl", timed), { root })).digest).toBe(first.digest);
    utimesSync(kept, 1, Date.now() / 1000 - 61);
    await openDataset(source, { root });
    expect(asked).toBe(2);
  });

  test("that fails is named, one that is interrupted too, and a sample says that it is one", async () => {
    const root = makeFolder();
    const failing = rows("prices", () => Promise.reject(new Error("503")), timed);
    await expect(openDataset(failing, { root })).rejects.toMatchObject({
      code: "SLIPWAY_DATA_ROWS_NOT_LOADED",
      message: "the rows prices could not be loaded: 503",
    });
    const abort = new AbortController();
    abort.abort();
    await expect(openDataset(failing, { root, signal: abort.signal })).rejects.toMatchObject({
      code: dataInterrupted.code,
    });
    const sampling = rows("prices", ({ sample }) => (sample ? made : []), timed);
    const dataset = await openDataset(sampling, { root, sample: true });
    expect(dataset.warnings).toContainEqual({
      kind: "sample",
      message: "prices is a generated sample, not real data",
      paths: [],
    });
  });
});

describe("a split by time", () => {
  test("no row for training is as late as one for validation, and those in between are the horizon's", () => {
    const times = fc
      .array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 80 })
      .map((all) => Float64Array.from(all).toSorted());
    fc.assert(
      fc.property(
        times,
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        fc.integer({ min: 0, max: 3 }),
        (all, validation, horizon) => {
          const split = splitByTime(all, { validation, horizon });
          const first = all[split.validation[0] ?? all.length] ?? Infinity;
          const between = all.filter((time, row) => time < first && !split.train.includes(row));
          expect(Array.from(split.train, (row) => all[row]! < first)).not.toContain(false);
          expect([...split.train, ...split.validation].every((row, i, order) => i === 0 || order[i - 1]! < row)).toBe(
            true,
          );
          expect(new Set(between).size).toBeLessThanOrEqual(first === Infinity ? 0 : horizon);
          expect(split.validation.length).toBeGreaterThanOrEqual(Math.round(all.length * validation));
        },
      ),
    );
  });

  test("what comes later, in whatever order it lies, changes nothing of what is trained on", async () => {
    const past = Array.from({ length: 30 }, (_, i) => ({ day: i * 86_400, a: i, b: -i, kind: i % 3 ? "up" : "down" }));
    const future = (seed: number) =>
      Array.from({ length: 10 }, (_, i) => ({
        day: (30 + i) * 86_400,
        a: seed * i,
        b: seed,
        kind: (i * seed) % 2 ? "up" : "down",
      }));
    const trained = async (all: readonly object[]) => {
      const dataset = (await openDataset(jsonl("data", { ...timed, horizon: 1 }), {
        root: makeFolder({ data: lines(...all) }),
      })) as TableDataset;
      const { train, validation } = splitDataset(dataset, { validation: 0.25, seed: 1 });
      expect([train.length, validation.length]).toEqual([29, 10]);
      const examples = await loadExamples(dataset);
      return Array.from(train, (row) => [
        dataset.times![row],
        ...dataset.values.subarray(row * 2, row * 2 + 2),
        dataset.labels[examples.targets[row]!],
      ]);
    };
    const first = await trained([...past, ...future(1)]);
    expect(await trained([...future(3).toReversed(), ...past.toReversed()])).toEqual(first);
  });
});
