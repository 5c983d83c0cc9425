import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { digestOf, type Digest } from "../../base/digest.ts";
import { lineage, sampleContent } from "../fixtures/sample.ts";
import { annotations, type Descriptor } from "../oci.ts";
import { pathOfBlob } from "./blobs.ts";
import { describeStore } from "./contract.ts";
import type { Index } from "./index-file.ts";
import { openStore, storeFolder } from "./layout.ts";

const parent = await mkdtemp(join(tmpdir(), "slipway-layout-"));
afterAll(() => rm(parent, { recursive: true }));

const newFolder = async () => storeFolder(await mkdtemp(join(parent, "project-")));

describeStore("layout", async () => {
  const folder = await newFolder();
  return { store: await openStore(folder), reopen: () => openStore(folder) };
});

async function fill() {
  const folder = await newFolder();
  const store = await openStore(folder);
  const artifact = await store.put(sampleContent());
  await store.setAlias("digits", "champion", artifact.digest);
  return { folder, store, artifact, blob: (digest: Digest) => pathOfBlob(folder, digest) };
}

const readIndexFile = async (folder: string) => JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as Index;
const code = (of: string) => expect.objectContaining({ code: `SLIPWAY_ARTIFACT_${of}` });

describe("the folder", () => {
  test("is an OCI image layout, with one entry for the artifact and one for each alias", async () => {
    const { folder, artifact } = await fill();
    expect(JSON.parse(await readFile(join(folder, "oci-layout"), "utf8"))).toEqual({ imageLayoutVersion: "1.0.0" });
    const index = await readIndexFile(folder);
    expect(index).toMatchObject({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json" });
    expect(index.manifests.map((entry) => entry.annotations?.["org.opencontainers.image.ref.name"])).toEqual([
      `digits@${artifact.digest}`,
      "digits:champion",
    ]);
    for (const { digest, size } of index.manifests) {
      const bytes = await readFile(pathOfBlob(folder, digest));
      expect([digestOf(bytes), bytes.byteLength]).toEqual([digest, size]);
    }
    expect(await readdir(join(folder, "scratch"))).toEqual([]);
  });

  test("is not made by reading", async () => {
    const folder = await newFolder();
    expect(await (await openStore(folder)).list()).toEqual([]);
    await expect(readdir(folder)).rejects.toThrowError(expect.objectContaining({ code: "ENOENT" }));
  });

  test("that holds something else is left alone", async () => {
    const folder = await mkdtemp(join(parent, "home-"));
    await writeFile(join(folder, "letter.txt"), "Dear Ada");
    const store = await openStore(folder);
    await expect(store.put(sampleContent())).rejects.toThrowError(
      expect.objectContaining({
        code: "SLIPWAY_ARTIFACT_STORE_BROKEN",
        message: expect.stringContaining("letter.txt"),
      }),
    );
    expect(await readdir(folder)).toEqual(["letter.txt"]);
  });

  test("that cannot be read or made is named, with what the system says", async () => {
    const file = join(await mkdtemp(join(parent, "file-")), "file");
    await writeFile(file, "");
    await expect(openStore(join(file, "store"))).rejects.toThrowError(
      expect.objectContaining({ code: "SLIPWAY_ARTIFACT_STORE_UNUSABLE", message: expect.stringContaining("ENOTDIR") }),
    );
  });

  test("whose making was cut short is made whole by the next write", async () => {
    const folder = await newFolder();
    await mkdir(join(folder, "blobs", "sha256"), { recursive: true });
    await writeFile(join(folder, "index.json"), '{"schemaVersion":2,"manifests":[]}');
    const store = await openStore(folder);
    await store.put(sampleContent());
    expect(await store.list()).toHaveLength(1);
  });

  test("that many make at once is made once, and keeps what each put", async () => {
    const folder = await newFolder();
    const puts = Array.from({ length: 8 }, async (_, seed) =>
      (await openStore(folder)).put(sampleContent({ lineage: { seed } })),
    );
    const digests = (await Promise.all(puts)).map(({ digest }) => digest);
    expect(new Set((await (await openStore(folder)).list()).map(({ digest }) => digest))).toEqual(new Set(digests));
  });

  test.each([
    ["{", "it is not JSON"],
    ["{}", "it has no list of manifests"],
    ['{"manifests":[{"digest":"sha256:abc"}]}', "manifests[0] is not {mediaType, digest, size} with a sha256 digest"],
  ])("an index.json of %s is named, and nothing is swept by it", async (text, why) => {
    const { folder, store, artifact, blob } = await fill();
    await writeFile(join(folder, "index.json"), text);
    const broken = expect.objectContaining({
      code: "SLIPWAY_ARTIFACT_STORE_BROKEN",
      message: expect.stringContaining(why),
    });
    await expect(openStore(folder)).rejects.toThrowError(broken);
    await expect(store.put(sampleContent())).rejects.toThrowError(broken);
    await expect(store.collect()).rejects.toThrowError(broken);
    expect(digestOf(await readFile(blob(artifact.model.digest)))).toBe(artifact.model.digest);
  });

  test("a lost index.json is named, and nothing is swept for want of it", async () => {
    const { folder, store, artifact, blob } = await fill();
    await rm(join(folder, "index.json"));
    await expect(store.list()).rejects.toThrowError(code("STORE_BROKEN"));
    await expect(store.collect()).rejects.toThrowError(code("STORE_BROKEN"));
    expect(digestOf(await readFile(blob(artifact.model.digest)))).toBe(artifact.model.digest);
  });

  test("a layout of a later version is refused", async () => {
    const { folder } = await fill();
    await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
    await expect(openStore(folder)).rejects.toThrowError(code("STORE_BROKEN"));
  });
});

describe("damage", () => {
  test("a changed bit is named with its file, found by check, and mended by putting the model again", async () => {
    const { store, artifact, blob } = await fill();
    const file = blob(artifact.model.digest);
    await writeFile(file, "an ONNX File");
    const damaged = expect.objectContaining({
      code: "SLIPWAY_ARTIFACT_BLOB_CORRUPTED",
      message: expect.stringContaining(file),
    });
    await expect(store.readModel(artifact)).rejects.toThrowError(damaged);
    expect(await store.check()).toEqual([damaged]);
    expect(await store.find("digits", lineage.inputs)).toBeUndefined();
    await store.put(sampleContent());
    expect(await store.check()).toEqual([]);
    expect(await store.find("digits", lineage.inputs)).toEqual({ ...artifact, aliases: ["champion"] });
  });

  test("a file cut short, or empty, is damaged too", async () => {
    const { store, artifact, blob } = await fill();
    await truncate(blob(artifact.model.digest), 5);
    await expect(store.readModel(artifact)).rejects.toThrowError(
      expect.objectContaining({ message: expect.stringContaining("it holds 5 bytes instead of 12") }),
    );
  });

  test("a missing file is named, and mended by putting the model again", async () => {
    const { store, artifact, blob } = await fill();
    await rm(blob(artifact.digest));
    await expect(store.get("digits")).rejects.toThrowError(code("BLOB_MISSING"));
    await expect(store.list()).rejects.toThrowError(code("BLOB_MISSING"));
    // What a lost manifest referred to is unknown: nothing may be swept now.
    await expect(store.collect()).rejects.toThrowError(code("BLOB_MISSING"));
    await store.put(sampleContent());
    expect(await store.get("digits")).toEqual({ ...artifact, aliases: ["champion"] });
  });

  test("a damaged artifact can be removed", async () => {
    const { store, artifact, blob } = await fill();
    await writeFile(blob(artifact.digest), "{}");
    await store.remove("digits", { force: true });
    expect(await store.list()).toEqual([]);
    expect(await store.collect()).toMatchObject({ blobs: 4 });
  });

  test("an alias move whose line in the history is lost is written there by the next change", async () => {
    const { folder, store, artifact } = await fill();
    const file = join(folder, "history.jsonl");
    await rm(file);
    expect(await store.history("digits")).toMatchObject([{ sequence: 1, to: artifact.digest }]);
    await store.setAlias("digits", "v1", artifact.digest);
    expect((await readFile(file, "utf8")).match(/"sequence":\d/g)).toEqual(['"sequence":1', '"sequence":2']);
  });

  test("a line of the history that was cut short is written anew", async () => {
    const { folder, store, artifact } = await fill();
    const file = join(folder, "history.jsonl");
    const whole = await readFile(file, "utf8");
    await writeFile(file, whole.slice(0, 20));
    expect(await store.history("digits")).toHaveLength(1);
    await store.setAlias("digits", "v1", artifact.digest);
    expect(await readFile(file, "utf8")).toMatch(/^\{"sequence":1,.*\}\n\{"sequence":2,.*\}\n$/);
  });
});

describe("what other tools keep in the same layout", () => {
  /** As skopeo and crane write an entry: no artifactType, a name of their own choice or none. */
  async function addEntry(folder: string, entry: Partial<Descriptor>, refName?: string): Promise<void> {
    const index = await readIndexFile(folder);
    const [first] = index.manifests;
    const { mediaType, digest, size } = { ...first!, ...entry };
    const added = {
      mediaType,
      digest,
      size,
      ...(refName !== undefined && { annotations: { [annotations.refName]: refName } }),
    };
    await writeFile(join(folder, "index.json"), JSON.stringify({ ...index, manifests: [...index.manifests, added] }));
  }

  async function addImage(folder: string, refName?: string): Promise<Digest[]> {
    const config = { mediaType: "application/vnd.oci.image.config.v1+json", ...(await addBlob(folder, "{}")) };
    const manifest = await addBlob(folder, JSON.stringify({ schemaVersion: 2, config, layers: [] }));
    await addEntry(folder, manifest, refName);
    return [config.digest, manifest.digest];
  }

  async function addBlob(folder: string, text: string) {
    const digest = digestOf(text);
    await writeFile(pathOfBlob(folder, digest), text);
    return { digest, size: text.length };
  }

  test("an alias that another tool gave counts, and a bare name is the latest", async () => {
    const { folder, store, artifact } = await fill();
    await addEntry(folder, {}, "digits:v7");
    await addEntry(folder, {}, "theirs");
    expect((await store.get("digits:v7")).aliases).toEqual(["champion", "v7"]);
    expect(await store.get("theirs:latest")).toMatchObject({
      name: "theirs",
      digest: artifact.digest,
      aliases: ["latest"],
    });
    await expect(store.get("theirs")).rejects.toThrowError(code("NOT_FOUND"));
    expect(await store.find("theirs", lineage.inputs)).toMatchObject({ name: "theirs", digest: artifact.digest });
  });

  test("an artifact that has no name but an alias outlives that alias", async () => {
    const { folder, store, artifact } = await fill();
    await addEntry(folder, {}, "theirs:v1");
    await store.setAlias("theirs", "v2", artifact.digest);
    await store.removeAlias("theirs", "v1");
    await store.removeAlias("theirs", "v2");
    expect(await store.get(`theirs@${artifact.digest}`)).toMatchObject({ name: "theirs", aliases: [] });
  });

  test("images are kept, not listed, and named as what they are", async () => {
    const { folder, store } = await fill();
    const digests = [...(await addImage(folder, "alpine:3.21")), ...(await addImage(folder))];
    expect((await store.list()).map(({ name }) => name)).toEqual(["digits"]);
    await expect(store.get("alpine:3.21")).rejects.toThrowError(code("INCOMPLETE"));
    expect(await store.collect()).toEqual({ blobs: 0, bytes: 0 });
    for (const digest of digests) expect(digestOf(await readFile(pathOfBlob(folder, digest)))).toBe(digest);
  });

  test("files that are no blobs are not swept", async () => {
    const { folder, store } = await fill();
    const note = join(folder, "blobs", "sha256", "README");
    await writeFile(note, "mine");
    await addBlob(folder, "nobody's");
    expect(await store.collect()).toEqual({ blobs: 1, bytes: 8 });
    expect(await readFile(note, "utf8")).toBe("mine");
  });
});
