/** @file A base out of a registry: its manifest and config are read, its layers only when a destination lacks them. */
import { isDescriptor } from "../artifact/manifest.ts";
import { type Digest, isDigest } from "../base/digest.ts";
import { getManifest } from "../oci/manifests.ts";
import { readBlob, readBlobBytes } from "../oci/read-blob.ts";
import { parseImageReference } from "../oci/reference.ts";
import { printRepository, repositoryOf, type Repository } from "../oci/repository.ts";
import { openRegistry, type RegistryOptions } from "../oci/registry.ts";
import { manifestTypes, type Descriptor } from "../oci/types.ts";
import type { BaseImage } from "./base-image.ts";
import type { BuildOptions } from "./build.ts";
import { openBlobCache, type BlobCache } from "./cache/blobs.ts";
import { cacheFolder } from "./cache/folder.ts";
import { baseUnfit } from "./errors.ts";
import { printPlatform } from "./platform.ts";
import type { Platform } from "./types.ts";

export interface RegistryBaseOptions {
  registry?: RegistryOptions;
  /** The cache's folder: see `cacheFolder`. */
  cache: string;
  signal?: AbortSignal | undefined;
}

/** What `BuildOptions.base` wants, for a reference like `debian:12-slim` or `registry.example.com/team/base@sha256:…`. With a digest and a warm cache no network is needed. */
export function openRegistryBase(
  text: string,
  options: RegistryBaseOptions,
): (platform: Platform) => Promise<BaseImage> {
  const reference = parseImageReference(text);
  const repository = repositoryOf(openRegistry(reference.registry, options.registry), reference.repository);
  const cache = openBlobCache(options.cache);
  const from: Source = { text, repository, cache, signal: options.signal };
  return async (platform) => {
    const top = await readManifest(from, reference.digest ?? reference.tag ?? "latest");
    const own = top.value.manifests === undefined ? top : await readManifest(from, choose(from, top.value, platform));
    const { config, layers } = own.value;
    if (config === undefined || layers === undefined)
      throw baseUnfit({ base: text, why: "its manifest names no config and layers" });
    const bytes = await cache.read(config.digest, () => readBlobBytes(repository, config, from));
    return {
      reference: text,
      digest: own.digest,
      config: parse(bytes),
      layers,
      open: (layer) => cache.source(layer.digest, layer.size, () => readBlob(repository, layer, from)),
      repository: printRepository(repository),
    };
  };
}

/** What `--base` says: `host`, or a reference. */
export function openBase(text: string, signal?: AbortSignal): BuildOptions["base"] {
  return text === "host" ? text : openRegistryBase(text, { cache: cacheFolder(process.env), signal });
}

interface Source {
  text: string;
  repository: Repository;
  cache: BlobCache;
  signal: AbortSignal | undefined;
}

/** A manifest or an index: whichever members it has tell. */
interface ManifestValue {
  config?: Descriptor;
  layers?: readonly Descriptor[];
  manifests?: readonly (Descriptor & { platform?: Partial<Platform> })[];
}

/** Digests become names of files and parts of addresses: none is taken that is not one. */
function readValue(text: string, bytes: Uint8Array): ManifestValue {
  const { config, layers, manifests } = (parse(bytes) ?? {}) as Record<string, unknown>;
  const all = [config ?? [], layers ?? [], manifests ?? []].flat();
  if (!all.every(isDescriptor)) throw baseUnfit({ base: text, why: "its manifest is not as the specification has it" });
  return { config, layers, manifests } as ManifestValue;
}

/** A tag is asked for every time; a digest once. */
async function readManifest(from: Source, reference: string): Promise<{ digest: Digest; value: ManifestValue }> {
  const { text, repository, cache, signal } = from;
  const fetch = async () => {
    const manifest = await getManifest(repository, reference, { accept: Object.values(manifestTypes), signal });
    if (manifest === undefined)
      throw baseUnfit({ base: text, why: `there is no ${reference} in ${printRepository(repository)}` });
    return manifest;
  };
  if (isDigest(reference)) {
    const bytes = await cache.read(reference, async () => (await fetch()).bytes);
    return { digest: reference, value: readValue(text, bytes) };
  }
  const { descriptor, bytes } = await fetch();
  return { digest: descriptor.digest, value: readValue(text, bytes) };
}

function choose({ text }: Source, { manifests = [] }: ManifestValue, platform: Platform): Digest {
  const found = manifests.find(
    (one) => one.platform?.os === platform.os && one.platform.architecture === platform.architecture,
  );
  if (found !== undefined) return found.digest;
  const known = manifests.map(({ platform: of }) =>
    printPlatform({ os: of?.os ?? "?", architecture: of?.architecture ?? "?" }),
  );
  throw baseUnfit({
    base: text,
    why: `it is for ${known.join(", ") || "no platform"}, wanted ${printPlatform(platform)}`,
  });
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Whoever uses it names what is missing.
    return undefined;
  }
}
