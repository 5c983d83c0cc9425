/** @file A tracking server of MLflow as a place for models: each a registered model, each artifact a version of it, aliases as MLflow has them. */
import { digestOf, isDigest, shortDigest, type Digest } from "../../base/digest.ts";
import {
  aliasMoved,
  artifactIncomplete,
  artifactNotFound,
  blobCorrupted,
  blobMissing,
  referenceAmbiguous,
} from "../errors.ts";
import { readManifest, toArtifact } from "../manifest.ts";
import { annotations, type Blob, type Descriptor, mediaTypes } from "../oci.ts";
import { parseReference, printReference, type Reference } from "../reference.ts";
import type { Artifact, PackedArtifact, Store } from "../types.ts";
import { codeOf, openMlflow, type Json, type MlflowClient, type MlflowEnvironment } from "./client.ts";
import { configFile, digestTag, manifestFile, modelTag, toPairs, writeRun } from "./runs.ts";

/** What copying models and serving them wants of a store. */
export type MlflowStore = Pick<
  Store,
  "location" | "get" | "pack" | "putPacked" | "readAlias" | "readModel" | "setAlias"
>;

/** Of a model, as MLflow says. */
interface Version {
  name: string;
  /** `3` */
  version: string;
  source: string;
  /** Undefined for one that was not put there by Slipway. */
  digest: Digest | undefined;
  /** Of its ONNX file, by its tag. */
  model: string | undefined;
  aliases: readonly string[];
}

/** `mlflow+http://127.0.0.1:5000`, or without `mlflow+`. */
export function openMlflowStore(address: string, env?: MlflowEnvironment): MlflowStore {
  const client = openMlflow(address.replace(/^mlflow\+/, ""), env);
  const location = `mlflow+${client.url}`;
  return {
    location,
    async get(reference) {
      const version = await findVersion(client, location, reference);
      return (await readPackage(client, version, ["slipway.json"])).artifact;
    },
    async pack(reference) {
      const version = await findVersion(client, location, reference);
      const { artifact, manifest, blobs } = await readPackage(client, version);
      const { aliases: _aliases, ...own } = artifact;
      return { artifact: own, manifest, blobs };
    },
    async putPacked(packed) {
      const { name, digest } = packed.artifact;
      const known = (await listVersions(client, name)).find((version) => version.digest === digest);
      if (known !== undefined) return { ...packed.artifact, aliases: known.aliases };
      const { runId, source } = await writeRun(client, packed);
      await createVersion(client, packed, runId, source);
      return { ...packed.artifact, aliases: [] };
    },
    readAlias: async (name, alias) => (await readAlias(client, name, alias))?.digest,
    async readModel({ name, model }) {
      const version = (await listVersions(client, name)).find((one) => one.model === model.digest);
      const file = `${name} version ${version?.version ?? "?"} of ${client.url}, model.onnx`;
      const bytes = version && (await client.download(version.source, "model.onnx"));
      if (bytes === undefined) throw blobMissing({ file, digest: model.digest });
      hold(bytes, model.digest, file);
      return bytes;
    },
    async setAlias(name, alias, digest, options = {}) {
      const found = await readAlias(client, name, alias);
      if (found?.digest === digest) return;
      // MLflow has no way to move an alias only if it is where it was: another move in this very moment is not seen.
      if ("expect" in options && found?.digest !== options.expect)
        throw aliasMoved({ name, alias, expected: options.expect, found: found?.digest });
      const version = (await listVersions(client, name)).find((one) => one.digest === digest);
      if (version === undefined) throw notFound(location, `${name}@${digest}`);
      await client.post("registered-models/alias", { name, alias, version: version.version });
    },
  };
}

async function findVersion(client: MlflowClient, location: string, text: string): Promise<Version> {
  const reference = parseReference(text);
  if (reference.kind === "alias") {
    const found = await readAlias(client, reference.name, reference.alias);
    if (found !== undefined) return found;
    throw notFound(location, printReference(reference), await knownOf(client, reference.name));
  }
  const { name } = reference;
  if (name === undefined) throw notFound(location, text);
  const matching = (await listVersions(client, name)).filter(({ digest }) => fits(reference, digest));
  const digests = new Set(matching.map(({ digest }) => digest));
  if (digests.size > 1)
    throw referenceAmbiguous({ reference: text, matches: [...digests].map((digest) => `${name}@${digest}`) });
  const [version] = matching;
  if (version === undefined) throw notFound(location, text, await knownOf(client, name));
  return version;
}

function fits(reference: Reference, digest: Digest | undefined): boolean {
  if (reference.kind === "digest") return digest === reference.digest;
  return reference.kind === "prefix" && digest?.startsWith(`sha256:${reference.prefix}`) === true;
}

async function knownOf(client: MlflowClient, name: string): Promise<string[]> {
  const versions = await listVersions(client, name);
  return versions.flatMap((version) => [
    ...version.aliases.map((alias) => `${name}:${alias}`),
    ...(version.digest === undefined ? [] : [`${name}@${shortDigest(version.digest)}`]),
  ]);
}

function notFound(store: string, reference: string, known: readonly string[] = []): Error {
  return artifactNotFound({ reference, store, nearest: known.slice(0, 3), known });
}

/** Undefined where the model, or the alias, is not there. */
async function readAlias(client: MlflowClient, name: string, alias: string): Promise<Version | undefined> {
  try {
    const { model_version: found } = await client.get("registered-models/alias", { name, alias });
    return toVersion(found as Json);
  } catch (error) {
    // An alias that is missing is an invalid parameter to MLflow.
    if (["RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"].includes(codeOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** Newest first. None where there is no such model. */
async function listVersions(client: MlflowClient, name: string): Promise<Version[]> {
  const named = await listAliases(client, name);
  const versions: Version[] = [];
  let page = "";
  do {
    const answer = await client.get("model-versions/search", {
      filter: `name='${name}'`,
      order_by: "version_number DESC",
      max_results: "200",
      ...(page !== "" && { page_token: page }),
    });
    // A search does not tell aliases.
    for (const found of ((answer["model_versions"] ?? []) as Json[]).map(toVersion))
      versions.push({
        ...found,
        aliases: named.flatMap(({ alias, version }) => (version === found.version ? alias : [])),
      });
    page = (answer["next_page_token"] as string | undefined) ?? "";
  } while (page !== "");
  return versions;
}

async function listAliases(client: MlflowClient, name: string): Promise<{ alias: string; version: string }[]> {
  try {
    const { registered_model: model } = await client.get("registered-models/get", { name });
    const { aliases = [] } = model as { aliases?: { alias: string; version: string | number }[] };
    return aliases.map(({ alias, version }) => ({ alias, version: String(version) }));
  } catch (error) {
    if (codeOf(error) === "RESOURCE_DOES_NOT_EXIST") return [];
    throw error;
  }
}

function toVersion(found: Json): Version {
  const tags = (found["tags"] ?? []) as { key: string; value: string }[];
  const read = (tag: string): string | undefined => tags.find(({ key }) => key === tag)?.value;
  const digest = read(digestTag);
  return {
    name: String(found["name"]),
    version: String(found["version"]),
    source: String(found["source"]),
    digest: digest !== undefined && isDigest(digest) ? digest : undefined,
    model: read(modelTag),
    aliases: (found["aliases"] ?? []) as string[],
  };
}

async function createVersion(
  client: MlflowClient,
  { artifact: { name, digest, model, lineage } }: PackedArtifact,
  runId: string,
  source: string,
): Promise<void> {
  try {
    await client.post("registered-models/create", { name });
  } catch (error) {
    if (codeOf(error) !== "RESOURCE_ALREADY_EXISTS") throw error;
  }
  await client.post("model-versions/create", {
    name,
    source,
    run_id: runId,
    description: `${name}@${digest}`,
    tags: toPairs({
      [digestTag]: digest,
      [modelTag]: model.digest,
      "slipway.dataset": lineage.dataset.digest,
      ...(lineage.dataset.sample === true && { "slipway.sample": "true" }),
    }),
  });
}

/** The files of a version, each held against the digest that the manifest has of it, and that against the version's tag. `only` names what is read besides. */
async function readPackage(
  client: MlflowClient,
  { name, version, source, digest, aliases }: Version,
  only?: readonly string[],
): Promise<{ artifact: Artifact; manifest: Blob; blobs: Blob[] }> {
  const reference = `${name} version ${version} of ${client.url}`;
  const bytes = digest === undefined ? undefined : await client.download(source, manifestFile);
  if (digest === undefined || bytes === undefined)
    throw artifactIncomplete({ reference, missing: `it has no ${manifestFile}, so it was not put there by Slipway` });
  hold(bytes, digest, `${reference}, ${manifestFile}`);
  const manifest = readManifest(bytes, reference);
  const wanted = [manifest.config, manifest.model, ...(manifest.details === undefined ? [] : [manifest.details])];
  const blobs: Blob[] = [];
  for (const descriptor of wanted.filter((one) => only === undefined || only.includes(nameOf(one)))) {
    const file = nameOf(descriptor);
    const content = await client.download(source, file);
    if (content === undefined) throw blobMissing({ file: `${reference}, ${file}`, digest: descriptor.digest });
    hold(content, descriptor.digest, `${reference}, ${file}`);
    blobs.push({ descriptor, bytes: content });
  }
  const details = blobs.find(({ descriptor }) => descriptor.digest === manifest.details?.digest)?.bytes;
  const artifact = toArtifact({ name, digest, aliases, manifest }, details);
  const own = { mediaType: mediaTypes.manifest, digest, size: bytes.byteLength };
  return { artifact, manifest: { descriptor: own, bytes }, blobs };
}

function nameOf(descriptor: Descriptor): string {
  const { [annotations.filepath]: path, [annotations.title]: title } = descriptor.annotations ?? {};
  return path ?? title ?? configFile;
}

function hold(bytes: Uint8Array, wanted: Digest, file: string): void {
  const seen = digestOf(bytes);
  if (seen !== wanted) throw blobCorrupted({ file, digest: wanted, seen: shortDigest(seen) });
}
