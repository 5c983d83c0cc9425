import { afterAll, describe, expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { fromBytes } from "./blob-source.ts";
import { startMemoryRegistry, type MemoryRegistry } from "./fixtures/memory-registry.ts";
import { pushBlob } from "./push-blob.ts";
import { listReferrers, putReferrer } from "./referrers.ts";
import { openRepository, type Repository } from "./repository.ts";
import { listTags } from "./tags.ts";
import { emptyConfig, manifestTypes } from "./types.ts";

const registries: MemoryRegistry[] = [];
afterAll(async () => {
  for (const registry of registries) await registry.close();
});

const subject = digestOf("a manifest");

async function open(referrers: boolean): Promise<Repository> {
  const registry = await startMemoryRegistry({ referrers });
  registries.push(registry);
  const repository = openRepository(`${registry.host}/digits`, { environment: {} });
  await pushBlob(repository, emptyConfig.descriptor.digest, fromBytes(emptyConfig.bytes));
  return repository;
}

async function sign(repository: Repository, artifactType: string): Promise<string> {
  const bytes = new TextEncoder().encode(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestTypes.manifest,
      artifactType,
      config: emptyConfig.descriptor,
      layers: [emptyConfig.descriptor],
      subject: { mediaType: manifestTypes.manifest, digest: subject, size: 10 },
    }),
  );
  const descriptor = {
    mediaType: manifestTypes.manifest,
    digest: digestOf(bytes),
    size: bytes.byteLength,
    artifactType,
  };
  await putReferrer(repository, { bytes, descriptor, subject });
  return descriptor.digest;
}

describe.each([
  ["a registry that lists referrers", true, []],
  ["a registry that does not", false, [subject.replace(":", "-")]],
])("%s", (_, referrers, tags) => {
  test("gives what refers to a manifest, of one type or of all, each once", async () => {
    const repository = await open(referrers);
    expect(await listReferrers(repository, subject)).toEqual([]);
    const [signature, sbom] = [await sign(repository, "x/signature"), await sign(repository, "x/sbom")];
    await sign(repository, "x/sbom");
    expect((await listReferrers(repository, subject)).map(({ digest }) => digest)).toEqual([signature, sbom]);
    expect(await listReferrers(repository, subject, { artifactType: "x/sbom" })).toMatchObject([
      { digest: sbom, artifactType: "x/sbom" },
    ]);
    expect(await listTags(repository)).toEqual(tags);
  });
});
