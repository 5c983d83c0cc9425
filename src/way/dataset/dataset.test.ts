import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { imageFolder } from "../../data/index.ts";
import { merkleRoot } from "../../data/merkle.ts";
import { bytesEntry } from "../../image/tar/entry.ts";
import { readBytes } from "../../image/hash.ts";
import { writeTar } from "../../image/tar/write.ts";
import { startMemoryRegistry, type MemoryRegistry } from "../../oci/fixtures/memory-registry.ts";
import { fromBytes } from "../../oci/blob-source.ts";
import { putManifest } from "../../oci/manifests.ts";
import { pushBlob } from "../../oci/push-blob.ts";
import { openRepository, type Repository } from "../../oci/repository.ts";
import { groupFiles } from "./group.ts";
import { describeLayer, printDataset } from "./manifest.ts";
import { pullDataset } from "./pull.ts";
import { pushDataset, type PushableDataset } from "./push.ts";

let registry: MemoryRegistry;
const folders: string[] = [];
const source = imageFolder("data", { size: [8, 8] });

beforeAll(async () => {
  registry = await startMemoryRegistry();
});
afterAll(async () => {
  await registry.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe("groups", () => {
  const files = Array.from({ length: 3000 }, (_, index) => ({
    path: `${index % 10}/${String(index).padStart(5, "0")}.jpg`,
    digest: digestOf(`content ${index}`),
    size: 2000 + ((index * 7919) % 9000),
  }));

  test("hold every file once, in the order of paths, whatever order they come in", () => {
    const groups = groupFiles(files.toReversed());
    expect(groups.flatMap((group) => group.files.map(({ path }) => path))).toEqual(
      files.map(({ path }) => path).toSorted(),
    );
    expect(groups.length).toBeGreaterThan(8);
    expect(groups.length).toBeLessThan(60);
  });

  test("a changed, an added and a removed file move their own surroundings alone", () => {
    const before = groupFiles(files);
    const keys = new Set(before.map(({ key }) => key));
    const changed = files.map((file, index) => (index === 1234 ? { ...file, digest: digestOf("other") } : file));
    const added = [...files, { path: "3/new.jpg", digest: digestOf("new"), size: 4000 }];
    const removed = files.filter((_, index) => index !== 777);
    for (const next of [changed, added, removed])
      expect(groupFiles(next).filter(({ key }) => !keys.has(key)).length).toBeLessThanOrEqual(2);
  });

  test("a large file travels alone and as it is", () => {
    const big = { path: "5/big.bin", digest: digestOf("big"), size: 40 << 20 };
    const groups = groupFiles([...files, big]);
    expect(groups.filter(({ raw }) => raw)).toEqual([expect.objectContaining({ files: [big] })]);
  });

  test("a large dataset has larger groups, and their borders are among those of the smaller", () => {
    const many = Array.from({ length: 40_000 }, (_, index) => ({
      path: `${String(index).padStart(6, "0")}.jpg`,
      digest: digestOf(`row ${index}`),
      size: 40_000,
    }));
    const ends = (list: typeof many): Set<string> => new Set(groupFiles(list).map((group) => group.files.at(-1)!.path));
    const large = ends(many);
    expect(large.size).toBeLessThan(1024);
    const small = ends(many.slice(0, 20_000));
    const both = [...large].filter((path) => path < "019000" && small.has(path));
    expect(both.length).toBeGreaterThan(0.8 * [...large].filter((path) => path < "019000").length);
  });
});

describe("a dataset in a registry", () => {
  test("comes back as it went, and is sent once", async () => {
    const repository = openRepository(`${registry.host}/datasets/once`);
    const dataset = makeDataset({ "0/a.jpg": "one", "0/b c.jpg": "two", "1/é.jpg": "three", "1/z.jpg": "one" });
    const first = await pushDataset(repository, "once", dataset);
    expect(first).toMatchObject({ existed: false, layers: 1 });
    const before = registry.requests.length;
    expect(await pushDataset(repository, "once", dataset)).toEqual({
      digest: first.digest,
      existed: true,
      sent: 0,
      layers: 0,
    });
    expect(registry.requests.slice(before)).toEqual([expect.stringMatching(/^HEAD .*\/manifests\/data-/)]);

    const folder = join(scratch(), "pulled");
    const config = await pullDataset(repository, first.digest, folder, { digest: dataset.digest });
    expect(config).toEqual({
      version: 1,
      digest: dataset.digest,
      files: dataset.digest,
      count: 4,
      bytes: 14,
      source,
    });
    for (const { path, digest } of dataset.files) expect(digestOf(readFileSync(join(folder, path)))).toBe(digest);
  });

  test("a small change sends little", async () => {
    const repository = openRepository(`${registry.host}/datasets/change`);
    const contents = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [`${index % 4}/${index}.bin`, `${index} `.repeat(5000)]),
    );
    const whole = await pushDataset(repository, "change", makeDataset(contents));
    const next = await pushDataset(repository, "change", makeDataset({ ...contents, "2/1000.bin": "new" }));
    expect(next.sent).toBeLessThan(whole.sent / 2);
    expect(next.layers).toBeGreaterThanOrEqual(whole.layers);
  });

  test("is the same artifact from wherever it is pushed", async () => {
    const contents = { "a/1.png": "x".repeat(1000), "b/2.png": "y" };
    const digests = await Promise.all(
      ["one", "two"].map(async (place) => {
        const repository = openRepository(`${registry.host}/${place}/same`);
        return (await pushDataset(repository, "same", makeDataset(contents))).digest;
      }),
    );
    expect(digests[0]).toBe(digests[1]);
  });

  test("that is not the wanted one is refused, and leaves no folder", async () => {
    const repository = openRepository(`${registry.host}/datasets/wrong`);
    const { digest } = await pushDataset(repository, "wrong", makeDataset({ "0/a": "one" }));
    const folder = join(scratch(), "pulled");
    const wanted = digestOf("another");
    expect(await codeOf(pullDataset(repository, digest, folder, { digest: wanted }))).toBe(
      "SLIPWAY_WAY_DATASET_DIFFERS",
    );
    expect(() => readFileSync(join(folder, "0/a"))).toThrow("ENOENT");
  });

  test("whose file changed after it was read is not pushed", async () => {
    const repository = openRepository(`${registry.host}/datasets/changed`);
    const dataset = makeDataset({ "0/a": "one", "1/b": "two" });
    writeFileSync(join(dataset.folder, "1/b"), "TWO");
    expect(await codeOf(pushDataset(repository, "changed", dataset))).toBe("SLIPWAY_WAY_DATASET_CHANGED");
  });

  test("that is not there, or is something else, is told", async () => {
    const repository = openRepository(`${registry.host}/datasets/none`);
    await pushDataset(repository, "none", makeDataset({ "0/a": "one" }));
    expect(await codeOf(pullDataset(repository, "v1", join(scratch(), "x")))).toBe("SLIPWAY_WAY_DATASET_MISSING");
    const bytes = new TextEncoder().encode(
      JSON.stringify({ schemaVersion: 2, mediaType: manifestType, artifactType: "text/x-other", layers: [] }),
    );
    await putManifest(repository, "v1", { bytes, mediaType: manifestType });
    expect(await codeOf(pullDataset(repository, "v1", join(scratch(), "x")))).toBe("SLIPWAY_WAY_DATASET_BROKEN");
  });

  test.each(["../escape", "/etc/passwd", "a/../../b", "a\\b"])("a file at %s is refused", async (path) => {
    const repository = openRepository(`${registry.host}/datasets/hostile`);
    await pushHostile(repository, path);
    expect(await codeOf(pullDataset(repository, "bad", join(scratch(), "x")))).toBe("SLIPWAY_WAY_DATASET_BROKEN");
  });
});

const manifestType = "application/vnd.oci.image.manifest.v1+json";

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-dataset-"));
  folders.push(folder);
  return folder;
}

function makeDataset(contents: Readonly<Record<string, string>>): PushableDataset {
  const folder = scratch();
  const entries = Object.entries(contents).map(([path, content]) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    return { path, digest: digestOf(content), size: content.length };
  });
  return { source, folder, digest: merkleRoot(entries), files: entries };
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return findSlipwayError(error)?.code;
}

/** A raw layer takes the path as it is; our own writer of tars would refuse it. */
async function pushHostile(repository: Repository, path: string): Promise<void> {
  const bytes = await readBytes(writeTar("hostile", [bytesEntry("harmless", new Uint8Array(3))]));
  const digest = digestOf(bytes);
  await pushBlob(repository, digest, fromBytes(bytes));
  const file = { path, digest, size: bytes.length };
  const layer = describeLayer({ key: digest, files: [file], raw: true }, { digest, size: bytes.length });
  const root = merkleRoot([file]);
  const described = { version: 1, digest: root, files: root, count: 1, bytes: bytes.length, source } as const;
  const { config, manifest } = printDataset("hostile", described, [layer]);
  await pushBlob(repository, config.descriptor.digest, fromBytes(config.bytes));
  await putManifest(repository, "bad", { bytes: manifest.bytes, mediaType: manifestType });
}
