import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { findSlipwayError } from "../../base/errors.ts";
import { loadExamples, openDataset } from "../open.ts";
import { idx } from "./define.ts";
import { writeIdx } from "./_fixtures.ts";
import { readIdx } from "./read.ts";

const pictures = writeIdx({ shape: [4, 2, 3], values: Uint8Array.from({ length: 24 }, (_, i) => i) });
const classes = writeIdx({ shape: [4], values: Uint8Array.of(9, 0, 9, 1) });

function makeFolder(files: Readonly<Record<string, Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), "slipway-idx-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, name), content);
  return root;
}

const source = idx({ images: "images", labels: "labels" });

test("what is written is read, gzipped or not", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(sizes, fc.boolean(), (shape, zipped) => {
      const count = shape.reduce((all, size) => all * size, 1);
      const values = Uint8Array.from({ length: count }, (_, i) => i * 7);
      const file = writeIdx({ shape, values });
      const read = readIdx(zipped ? gzipSync(file) : file, shape.length, "x");
      expect({ shape: read.shape, values: [...read.values] }).toEqual({ shape, values: [...values] });
    }),
  );
});

test("broken files are refused by name, whatever is broken", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 3 }), (bytes, axes) => {
      expect(["none", "SLIPWAY_DATA_IDX_BROKEN"]).toContain(codeOf(() => readIdx(bytes, axes, "x")));
    }),
    { numRuns: 500 },
  );
  const why = (bytes: Uint8Array, axes = 3): string => {
    try {
      return String(readIdx(bytes, axes, "x").shape);
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(why(pictures.subarray(0, 30))).toBe("x cannot be read as IDX: it holds 14 values, wanted 4 × 2 × 3 = 24");
  expect(why(classes)).toBe("x cannot be read as IDX: it has 1 axes, wanted 3 (images)");
  expect(why(Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 0), 1)).toBe(
    "x cannot be read as IDX: it holds 32-bit floats, wanted unsigned bytes",
  );
  expect(why(gzipSync(pictures).subarray(0, 20))).toMatch(/^x cannot be read as IDX: its gzip is broken/);
});

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return "none";
  } catch (error) {
    return findSlipwayError(error)?.code;
  }
}

test("two files are a dataset of images: labels in their order, pixels beside their entries", async () => {
  const root = makeFolder({ images: gzipSync(pictures), labels: classes });
  const dataset = await openDataset(source, { root });
  expect(dataset).toMatchObject({ kind: "images", labels: ["0", "1", "9"] });
  expect(dataset.entries.map(({ path }) => path)).toEqual(["0/1", "1/3", "9/0", "9/2"]);
  const { pixels, targets, ...rest } = await loadExamples(dataset);
  expect(rest).toEqual({ kind: "images", count: 4, height: 2, width: 3, channels: 1, labels: ["0", "1", "9"] });
  expect([...targets]).toEqual([0, 1, 2, 2]);
  expect([...pixels.subarray(0, 6)]).toEqual([6, 7, 8, 9, 10, 11]);

  const named = idx({
    images: "images",
    labels: "labels",
    names: ["zero", "one", ..."2345678".split(""), "bag"],
    limit: 2,
  });
  expect(await openDataset(named, { root })).toMatchObject({ labels: ["zero", "bag"] });
});

test("the same values in rows of another length are other data", async () => {
  const turned = writeIdx({ shape: [4, 3, 2], values: readIdx(pictures, 3, "x").values });
  const root = makeFolder({ images: pictures, turned, labels: classes });
  const [first, other] = await Promise.all(
    ["images", "turned"].map((images) => openDataset(idx({ images, labels: "labels" }), { root })),
  );
  expect(other!.digest).not.toBe(first!.digest);
});

test("files that do not belong together are refused", async () => {
  const root = makeFolder({ images: pictures, labels: writeIdx({ shape: [3], values: Uint8Array.of(0, 1, 2) }) });
  await expect(openDataset(source, { root })).rejects.toThrow(
    "labels cannot be read as IDX: it has 3 labels, wanted one for each of 4 images",
  );
  await expect(openDataset(idx({ images: "images", labels: "none" }), { root })).rejects.toMatchObject({
    code: "SLIPWAY_DATA_FILE_MISSING",
  });
  expect(() => idx({ images: "a", labels: "" })).toThrow(
    'idx(): labels is "", wanted the path or URL of an IDX file of labels',
  );
});

test("URLs are downloaded once; what the server refuses is told", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/gone") response.writeHead(404).end();
    else response.end(request.url === "/images.gz" ? gzipSync(pictures) : classes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const root = makeFolder({});
  const remote = idx({ images: `${at}/images.gz`, labels: `${at}/labels` });
  const first = await openDataset(remote, { root });
  expect((await openDataset(remote, { root })).digest).toBe(first.digest);
  expect(asked).toEqual(["/images.gz", "/labels"]);
  await expect(openDataset(idx({ images: `${at}/gone`, labels: `${at}/labels` }), { root })).rejects.toThrow(
    `${at}/gone could not be downloaded: the server answered 404 Not Found`,
  );
});
