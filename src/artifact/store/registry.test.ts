import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import {
  startMemoryRegistry,
  type MemoryRegistry,
  type MemoryRegistryOptions,
} from "../../oci/fixtures/memory-registry.ts";
import { lineage, sampleContent } from "../fixtures/sample.ts";
import { describeStore } from "./contract.ts";
import { copyArtifact } from "./copy.ts";
import { openStore } from "./layout.ts";
import { openRegistryStore } from "./registry.ts";

const registries: MemoryRegistry[] = [];
const parent = await mkdtemp(join(tmpdir(), "slipway-registry-store-"));
afterAll(async () => {
  for (const registry of registries) await registry.close();
  await rm(parent, { recursive: true });
});

async function start(options: MemoryRegistryOptions = {}): Promise<MemoryRegistry> {
  const registry = await startMemoryRegistry(options);
  registries.push(registry);
  return registry;
}

const options = { environment: { HOME: "/nowhere" }, retry: { firstMs: 1 } };
const code = (of: string) => expect.objectContaining({ code: `SLIPWAY_ARTIFACT_${of}` });

describe.each<MemoryRegistryOptions>([{}, { pageSize: 2 }, { deletion: "digests" }])("with %j", (kind) => {
  describeStore("registry", async () => {
    const prefix = `${(await start(kind)).host}/team/models`;
    return { store: openRegistryStore(prefix, options), reopen: async () => openRegistryStore(prefix, options) };
  });
});

async function fill(kind: MemoryRegistryOptions = {}) {
  const registry = await start(kind);
  const store = openRegistryStore(`${registry.host}/models`, options);
  const artifact = await store.put(sampleContent());
  await store.setAlias("digits", "champion", artifact.digest);
  const contents = registry.repositories.get("models/digits");
  if (contents === undefined) throw new Error("the repository is missing");
  return { registry, store, artifact, contents };
}

/** A second process: writers wait for each other by the store's location, which is another text here. */
const openElsewhere = (registry: MemoryRegistry) =>
  openRegistryStore(`${registry.host.replace("127.0.0.1", "localhost")}/models`, options);

describe("the repositories", () => {
  test("have one tag for the artifact and one for each alias; the store's own has names and history", async () => {
    const { registry, artifact, contents } = await fill();
    const hex = artifact.digest.slice(7);
    expect([...contents.tags]).toEqual([
      [`slipway.m.${lineage.inputs.slice(7, 31)}.${hex}`, artifact.digest],
      ["champion", artifact.digest],
    ]);
    expect([...registry.repositories.keys()].toSorted()).toEqual(["models/digits", "models/slipway.store"]);
    expect([...(registry.repositories.get("models/slipway.store")?.tags.keys() ?? [])].toSorted()).toEqual([
      "history",
      "name.digits",
    ]);
  });

  test("are the same without a path, and with slashes in names", async () => {
    const registry = await start();
    const store = openRegistryStore(registry.host, options);
    const { digest } = await store.put(sampleContent({ name: "team/digits" }));
    expect((await store.list()).map((one) => `${one.name}@${one.digest}`)).toEqual([`team/digits@${digest}`]);
    expect([...registry.repositories.keys()].toSorted()).toEqual(["slipway.store", "team/digits"]);
  });

  test("keep only one version of the history", async () => {
    const { registry, store, artifact } = await fill();
    for (const alias of ["v1", "v2", "v3"]) await store.setAlias("digits", alias, artifact.digest);
    const journal = registry.repositories.get("models/slipway.store");
    expect(journal?.tags.size).toBe(2);
    // The empty config and one history; the manifest of it, and of the name's tag.
    expect([journal?.blobs.size, journal?.manifests.size]).toEqual([2, 2]);
    expect((await store.history("digits")).map(({ alias }) => alias)).toEqual(["champion", "v1", "v2", "v3"]);
  });

  test("refuse names and aliases that mean something to the store", async () => {
    const { store, artifact } = await fill();
    await expect(store.put(sampleContent({ name: "slipway.store" }))).rejects.toThrowError(code("CONTENT_INVALID"));
    await expect(store.put(sampleContent({ name: "a".repeat(126) }))).rejects.toThrowError(code("CONTENT_INVALID"));
    await expect(store.setAlias("digits", "slipway.m.x", artifact.digest)).rejects.toThrowError(
      code("REFERENCE_INVALID"),
    );
    expect(() => openRegistryStore("models")).toThrowError(
      expect.objectContaining({ code: "SLIPWAY_OCI_REFERENCE_INVALID" }),
    );
  });
});

describe("a registry that deletes nothing", () => {
  test("still has removals, which can be taken back; collect says what it cannot", async () => {
    const { store, artifact } = await fill({ deletion: "none" });
    await store.remove("digits", { force: true });
    expect(await store.list()).toEqual([]);
    await expect(store.get(artifact.digest)).rejects.toThrowError(code("NOT_FOUND"));
    await expect(store.collect()).rejects.toThrowError(expect.objectContaining({ code: "SLIPWAY_OCI_UNSUPPORTED" }));
    expect(await store.put(sampleContent())).toEqual({ ...artifact, aliases: [] });
    expect(await store.collect()).toEqual({ blobs: 0, bytes: 0 });
    await store.setAlias("digits", "champion", artifact.digest, { expect: undefined });
    expect((await store.get("digits")).digest).toBe(artifact.digest);
  });

  test("where only tags can be deleted, the blobs wait for the registry", async () => {
    const { store } = await fill({ deletion: "tags" });
    await store.remove("digits", { force: true });
    await expect(store.collect()).rejects.toThrowError(expect.objectContaining({ code: "SLIPWAY_OCI_UNSUPPORTED" }));
    expect(await store.list()).toEqual([]);
  });
});

describe("several processes", () => {
  test("that move an alias at once: one wins", async () => {
    const { registry, store, artifact } = await fill();
    const other = openElsewhere(registry);
    const puts = await Promise.all(
      Array.from({ length: 6 }, (_, i) => store.put(sampleContent({ model: `model ${i}` }))),
    );
    const results = await Promise.allSettled(
      puts.map(({ digest }, i) =>
        (i % 2 === 0 ? store : other).setAlias("digits", "champion", digest, { expect: artifact.digest }),
      ),
    );
    const won = results.flatMap(({ status }, i) => (status === "fulfilled" ? [puts[i]?.digest] : []));
    expect(won).toEqual([(await store.get("digits")).digest]);
    expect(results.filter(({ status }) => status === "rejected")).toMatchObject(
      Array.from({ length: 5 }, () => ({ reason: { code: "SLIPWAY_ARTIFACT_ALIAS_MOVED" } })),
    );
    expect((await store.history("digits")).map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  test("that move different aliases at once lose no line of the history", async () => {
    const { registry, store, artifact } = await fill();
    const other = openElsewhere(registry);
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? store : other).setAlias("digits", `v${i}`, artifact.digest)),
    );
    const history = await store.history("digits");
    expect(history.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(
      history
        .slice(1)
        .map(({ alias }) => alias)
        .toSorted(),
    ).toEqual(Array.from({ length: 8 }, (_, i) => `v${i}`));
  });

  test("that put what another collects end with a whole artifact", async () => {
    const { registry, store, artifact } = await fill();
    const other = openElsewhere(registry);
    for (let round = 0; round < 10; round++) {
      await store.remove(artifact.digest, { force: true });
      const [put] = await Promise.all([store.put(sampleContent()), other.collect()]);
      expect(put.digest).toBe(artifact.digest);
      expect(await other.check()).toEqual([]);
      expect((await other.get(artifact.digest)).model).toEqual(artifact.model);
    }
  });
});

describe("what other tools do", () => {
  test("a model that was copied in under an alias is found by name, and outlives that alias", async () => {
    const { store, artifact, contents } = await fill();
    const [own] = contents.tags.keys();
    contents.tags.delete(own ?? "");
    contents.tags.set("v7", artifact.digest);
    expect((await store.get("digits:v7")).aliases).toEqual(["champion", "v7"]);
    expect(await store.find("digits", lineage.inputs)).toMatchObject({ digest: artifact.digest });
    for (const alias of ["champion", "v7"]) await store.removeAlias("digits", alias);
    expect(await store.list()).toMatchObject([{ digest: artifact.digest, aliases: [] }]);
  });

  test("an alias that another tool moved is a move by unknown, written before the next one", async () => {
    const { registry, store, artifact, contents } = await fill();
    const [b, c] = [await store.put(sampleContent({ model: "b" })), await store.put(sampleContent({ model: "c" }))];
    contents.tags.set("champion", b.digest);
    await store.setAlias("digits", "champion", c.digest, { expect: b.digest });
    expect(await store.history("digits")).toMatchObject([
      { sequence: 1, to: artifact.digest },
      { sequence: 2, from: artifact.digest, to: b.digest, by: `unknown@${registry.host}` },
      { sequence: 3, from: b.digest, to: c.digest },
    ]);
  });

  test("images and signatures beside the models are kept, and not listed", async () => {
    const { registry, store, artifact, contents } = await fill();
    const text = JSON.stringify({
      schemaVersion: 2,
      layers: [{ mediaType: "x/y", size: 12, digest: artifact.model.digest }],
    });
    const digest = digestOf(text);
    contents.manifests.set(digest, {
      bytes: new TextEncoder().encode(text),
      mediaType: "application/vnd.oci.image.manifest.v1+json",
    });
    contents.tags.set("image", digest).set(`sha256-${artifact.digest.slice(7)}`, digest);
    expect((await store.list()).map((one) => one.digest)).toEqual([artifact.digest]);
    await expect(store.get("digits:image")).rejects.toThrowError(code("INCOMPLETE"));
    await store.remove("digits", { force: true });
    await store.collect();
    expect(registry.repositories.get("models/digits")?.blobs.has(artifact.model.digest)).toBe(true);
  });

  test("a history that is none is named", async () => {
    const { registry, store } = await fill();
    const journal = registry.repositories.get("models/slipway.store");
    const other = [...(journal?.tags ?? [])].find(([tag]) => tag === "name.digits")?.[1];
    if (other !== undefined) journal?.tags.set("history", other);
    await expect(store.history("digits")).rejects.toThrowError(code("STORE_BROKEN"));
  });
});

describe("damage", () => {
  test("a changed bit is named with its repository, and found by check", async () => {
    const { registry, store, artifact, contents } = await fill();
    contents.blobs.set(artifact.model.digest, new TextEncoder().encode("an ONNX File"));
    const damaged = expect.objectContaining({
      code: "SLIPWAY_ARTIFACT_BLOB_CORRUPTED",
      message: expect.stringContaining(`${registry.host}/models/digits@`),
    });
    await expect(store.readModel(artifact)).rejects.toThrowError(damaged);
    expect(await store.check()).toEqual([damaged]);
  });

  test("a lost blob is named, is not found by its inputs, and comes back by putting", async () => {
    const { store, artifact, contents } = await fill();
    contents.blobs.delete(artifact.model.digest);
    await expect(store.readModel(artifact)).rejects.toThrowError(code("BLOB_MISSING"));
    expect(await store.check()).toEqual([code("BLOB_MISSING")]);
    expect(await store.find("digits", lineage.inputs)).toBeUndefined();
    await store.put(sampleContent());
    expect(await store.check()).toEqual([]);
  });

  test("a lost manifest is named by get, and nothing is collected for want of it; it can be removed", async () => {
    const { store, artifact, contents } = await fill();
    const other = await store.put(sampleContent({ model: "other" }));
    await store.remove(other.digest);
    contents.manifests.delete(artifact.digest);
    contents.tags.delete("champion");
    await expect(store.get(artifact.digest)).rejects.toThrowError(code("BLOB_MISSING"));
    await expect(store.collect()).rejects.toThrowError(code("BLOB_MISSING"));
    await store.remove(artifact.digest);
    expect(await store.list()).toEqual([]);
  });
});

describe("copying", () => {
  test("from a folder to a registry and back keeps the digest, and sends nothing twice", async () => {
    const registry = await start();
    const [home, away] = [await openStore(join(parent, "home")), await openStore(join(parent, "away"))];
    const store = openRegistryStore(`${registry.host}/models`, options);
    const artifact = await home.put(sampleContent());
    await home.setAlias("digits", "champion", artifact.digest);
    const copied = await copyArtifact(home, store, "digits", { alias: { name: "v1" } });
    expect(copied).toEqual({ ...artifact, aliases: ["v1"] });
    const received = registry.received();
    expect(await copyArtifact(home, store, "digits")).toEqual(copied);
    expect(registry.received()).toBe(received);
    expect(await copyArtifact(store, away, "digits:v1")).toEqual(artifact);
    expect(new TextDecoder().decode(await away.readModel(artifact))).toBe("an ONNX file");
    expect(await away.check()).toEqual([]);
  });

  test("keeps what another tool wrote into the manifest", async () => {
    const { store, artifact, contents } = await fill();
    const manifest = contents.manifests.get(artifact.digest);
    const theirs = new TextEncoder().encode(` ${new TextDecoder().decode(manifest?.bytes)}`);
    const digest = digestOf(theirs);
    contents.manifests.set(digest, { bytes: theirs, mediaType: manifest?.mediaType ?? "" });
    contents.tags.set("theirs", digest);
    const folder = await openStore(join(parent, "theirs"));
    expect(await copyArtifact(store, folder, "digits:theirs")).toMatchObject({ digest, aliases: [] });
    expect(await folder.check()).toEqual([]);
  });
});
