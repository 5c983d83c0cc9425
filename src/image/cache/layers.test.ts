import { readdir, readFile, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { cacheDamaged, cacheUnusable } from "../errors.ts";
import { readWhole, sampleEntries } from "../fixtures/entries.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import { gzipRelease } from "../gzip/gzip.ts";
import { textEntry, type TarEntry } from "../tar/entry.ts";
import { writeTar } from "../tar/write.ts";
import type { Layer } from "../types.ts";
import { cacheFolder } from "./folder.ts";
import { openLayerCache } from "./layers.ts";

/** The sample, counting how often its files are read. */
function counted(): { entries: TarEntry[]; reads: () => number } {
  let reads = 0;
  const entries = sampleEntries().map((entry): TarEntry => {
    if (entry.kind !== "file") return entry;
    const { content } = entry;
    return { ...entry, content: { ...content, read: (start, end) => (reads++, content.read(start, end)) } };
  });
  return { entries, reads: () => reads };
}

const pathOf = (folder: string, { diffId }: Layer, end = "tar.gz") =>
  join(folder, "layers", gzipRelease, `${diffId.slice("sha256:".length)}.${end}`);

test("a cold cache makes the layer: gzip of exactly the tar, under the digests of both", async () => {
  const folder = await scratchFolder();
  const layer = await openLayerCache(folder).gzipLayer("sample", sampleEntries());
  const tar = await readWhole(writeTar("sample", sampleEntries()));
  const blob = await readWhole(layer.content);
  expect(gunzipSync(blob).equals(tar)).toBe(true);
  expect(layer).toMatchObject({
    name: "sample",
    diffId: digestOf(tar),
    descriptor: {
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest: digestOf(blob),
      size: blob.length,
    },
  });
});

test("a warm cache reads none of the files", async () => {
  const folder = await scratchFolder();
  const first = await openLayerCache(folder).gzipLayer("sample", sampleEntries());
  const { entries, reads } = counted();
  const second = await openLayerCache(folder).gzipLayer("sample", entries.toReversed());
  expect([second.descriptor, second.diffId]).toEqual([first.descriptor, first.diffId]);
  expect(reads()).toBe(0);
});

test("other stamps over the same content cost a reading, and no second compression", async () => {
  const folder = await scratchFolder();
  const first = await openLayerCache(folder).gzipLayer("sample", sampleEntries());
  const { entries, reads } = counted();
  const renewed = entries.map((entry) => (entry.kind === "file" ? { ...entry, stamp: `new ${entry.path}` } : entry));
  const steps: string[] = [];
  const cache = openLayerCache(folder, ({ label }) => steps.push(label));
  expect((await cache.gzipLayer("sample", renewed)).descriptor).toEqual(first.descriptor);
  expect(reads()).toBeGreaterThan(0);
  expect(steps).toEqual([]);
});

test("a file without a stamp is read every time, and a change in it shows", async () => {
  const folder = await scratchFolder();
  const cache = openLayerCache(folder);
  const make = (text: string) => cache.gzipLayer("t", [{ ...textEntry("a", text), stamp: undefined }]);
  const first = await make("one");
  expect((await make("two")).diffId).not.toBe(first.diffId);
  expect((await make("one")).diffId).toBe(first.diffId);
});

test("a mode, a path, a link's target or a size makes another layer under the same stamps", async () => {
  const folder = await scratchFolder();
  const cache = openLayerCache(folder);
  const link = (target: string): TarEntry => ({ kind: "link", path: "l", target });
  const base = textEntry("a", "x");
  const layers = [
    [base, link("a")],
    [{ ...base, mode: 0o755 }, link("a")],
    [{ ...base, path: "b" }, link("a")],
    [base, link("b")],
    [base, { kind: "folder", path: "l", mode: 0o755 } as const],
  ].map((entries) => cache.gzipLayer("t", entries as TarEntry[]));
  expect(new Set((await Promise.all(layers)).map(({ diffId }) => diffId)).size).toBe(5);
});

test("a blob that was cut or changed on the disk is made anew", async () => {
  const folder = await scratchFolder();
  const layer = await openLayerCache(folder).gzipLayer("sample", sampleEntries());
  const path = pathOf(folder, layer);
  const whole = await readFile(path);
  await truncate(path, 100);
  await openLayerCache(folder).gzipLayer("sample", sampleEntries());
  expect((await readFile(path)).equals(whole)).toBe(true);

  const changed = Buffer.from(whole);
  changed[50]! ^= 1;
  await writeFile(path, changed);
  const again = await openLayerCache(folder).gzipLayer("sample", sampleEntries());
  expect((await readWhole(again.content)).equals(whole)).toBe(true);
});

test("a blob with other times but the same bytes is kept: a cache may be copied", async () => {
  const folder = await scratchFolder();
  const layer = await openLayerCache(folder).gzipLayer("sample", sampleEntries());
  await utimes(pathOf(folder, layer), 1, 1);
  const steps: string[] = [];
  await openLayerCache(folder, ({ label }) => steps.push(label)).gzipLayer("sample", sampleEntries());
  expect(steps).toEqual([]);
});

test("a disk that loses bytes without a trace is found out when the blob is read", async () => {
  const folder = await scratchFolder();
  const layer = await openLayerCache(folder).gzipLayer("sample", sampleEntries());
  const path = pathOf(folder, layer);
  const whole = await readFile(path);
  const broken = Buffer.from(whole);
  broken[50]! ^= 1;
  await writeFile(path, broken);
  await expect(readWhole(layer.content)).rejects.toThrow(
    cacheDamaged({ file: path, seen: `${digestOf(broken)} (${whole.length} bytes)`, wanted: digestOf(whole) }),
  );
  const again = await openLayerCache(folder).gzipLayer("sample", sampleEntries());
  expect((await readWhole(again.content)).equals(whole)).toBe(true);
});

test.each(["", "{", "null", '{"digest":1}', '{"diffId":"sha256:x"}'])(
  "a note that says %j is as good as none",
  async (text) => {
    const folder = await scratchFolder();
    const first = await openLayerCache(folder).gzipLayer("sample", sampleEntries());
    await writeFile(pathOf(folder, first, "json"), text);
    const stamps = join(folder, "layers", "stamps");
    for (const name of await readdir(stamps)) await writeFile(join(stamps, name), text);
    expect((await openLayerCache(folder).gzipLayer("sample", sampleEntries())).descriptor).toEqual(first.descriptor);
  },
);

test("many at once make one whole blob, and leave no drafts", async () => {
  const folder = await scratchFolder();
  const all = await Promise.all(
    Array.from({ length: 6 }, () => openLayerCache(folder).gzipLayer("sample", sampleEntries())),
  );
  expect(new Set(all.map(({ descriptor }) => descriptor.digest)).size).toBe(1);
  const names = await readdir(join(folder, "layers", gzipRelease));
  expect(names.map((name) => name.replace(/^[0-9a-f]{64}/, "…")).toSorted()).toEqual(["….json", "….tar.gz"]);
});

test("layers that nobody asked for in two months go when another is made", async () => {
  const folder = await scratchFolder();
  const cache = openLayerCache(folder);
  const [old, used] = [
    await cache.gzipLayer("t", [textEntry("a", "")]),
    await cache.gzipLayer("t", [textEntry("b", "")]),
  ];
  const abandoned = `${pathOf(folder, old)}.99.abcd`;
  await writeFile(abandoned, "half");
  const before = Date.now() / 1000 - 61 * 24 * 60 * 60;
  for (const path of [pathOf(folder, old, "json"), pathOf(folder, used, "json"), abandoned])
    await utimes(path, before, before);
  await cache.gzipLayer("t", [textEntry("b", "")]);
  const fresh = await cache.gzipLayer("t", [textEntry("c", "")]);
  const names = await readdir(join(folder, "layers", gzipRelease));
  expect(names.toSorted()).toEqual(
    [used, fresh].flatMap(({ diffId }) => [`${diffId.slice(7)}.json`, `${diffId.slice(7)}.tar.gz`]).toSorted(),
  );
});

test("a folder that cannot be written to is named", async () => {
  const folder = await scratchFolder();
  await writeFile(join(folder, "layers"), "a file");
  await expect(openLayerCache(folder).gzipLayer("t", sampleEntries())).rejects.toMatchObject({
    code: cacheUnusable.code,
  });
});

test("the folder: SLIPWAY_CACHE, then where the system keeps caches", () => {
  expect(cacheFolder({ SLIPWAY_CACHE: "/x" }, "linux")).toBe("/x");
  expect(cacheFolder({ XDG_CACHE_HOME: "/c", SLIPWAY_CACHE: "" }, "linux")).toBe("/c/slipway");
  expect(cacheFolder({ XDG_CACHE_HOME: "relative" }, "linux")).toMatch(/\/\.cache\/slipway$/);
  expect(cacheFolder({}, "darwin")).toMatch(/Library\/Caches\/slipway$/);
  expect(cacheFolder({ LOCALAPPDATA: "/l" }, "win32")).toBe("/l/slipway/cache");
});
