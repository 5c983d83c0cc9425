import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { sampleContent } from "../../artifact/fixtures/sample.ts";
import { packArtifact } from "../../artifact/manifest.ts";
import { openStore } from "../../artifact/store/layout.ts";
import { digestOf } from "../../base/digest.ts";
import { readWhole } from "../fixtures/entries.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import { storedLayer } from "../layer.ts";
import { collectModel, storePath } from "./model.ts";

test("the layer is a store that opens as any other, with the model under its own digest", async () => {
  const packed = packArtifact(sampleContent());
  const folder = await scratchFolder();
  for (const entry of collectModel(packed)) {
    if (entry.kind !== "file") continue;
    await mkdir(dirname(join(folder, entry.path)), { recursive: true });
    await writeFile(join(folder, entry.path), await readWhole(entry.content));
  }
  const store = await openStore(join(folder, storePath));
  const { name, digest } = packed.artifact;
  expect(await store.list()).toEqual([{ ...packed.artifact, aliases: ["champion"] }]);
  for (const reference of ["digits", `${name}@${digest}`]) {
    const artifact = await store.get(reference);
    expect(artifact.digest).toBe(digest);
    expect(digestOf(await store.readModel(artifact))).toBe(artifact.model.digest);
  }
  expect(await store.check()).toEqual([]);
});

test("a store's own notes beside the manifest do not move the layer", async () => {
  const packed = packArtifact(sampleContent());
  const noted = {
    ...packed,
    manifest: { ...packed.manifest, descriptor: { ...packed.manifest.descriptor, annotations: { a: "b" } } },
  };
  const [plain, other] = [
    await storedLayer("model", collectModel(packed)),
    await storedLayer("model", collectModel(noted)),
  ];
  expect(other.diffId).toBe(plain.diffId);
  expect(digestOf(gunzipSync(await readWhole(plain.content)))).toBe(plain.diffId);
});
