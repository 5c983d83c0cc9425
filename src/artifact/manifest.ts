/** @file A model as an OCI artifact of the CNCF ModelPack format, and back. Pure: the same content gives the same bytes everywhere. */
import { canonicalJson, digestOf, isDigest, type Digest } from "../base/digest.ts";
import { parseObject } from "../base/json.ts";
import type { Signature, TensorSignature } from "../model/signature.ts";
import { printDetails, readDetails, type Details } from "./details.ts";
import { artifactIncomplete, contentInvalid } from "./errors.ts";
import { annotations, mediaTypes, type Blob, type Descriptor } from "./oci.ts";
import { isName } from "./reference.ts";
import type { Artifact, ArtifactContent, Lineage } from "./types.ts";

export interface Package {
  artifact: Omit<Artifact, "aliases">;
  manifest: Blob;
  /** What the manifest refers to: config, `model.onnx`, `slipway.json`. */
  blobs: readonly Blob[];
}

/** What a manifest says of a model, before any other blob is read. */
export interface ModelManifest {
  config: Descriptor;
  /** The ONNX file. */
  model: Descriptor;
  /** `slipway.json`; undefined in models made by others. */
  details: Descriptor | undefined;
}

const modelPath = "model.onnx";
const detailsPath = "slipway.json";

/** Throws `contentInvalid`. */
export function packArtifact(content: ArtifactContent): Package {
  refuseWrong(content);
  const { name, signature, lineage } = content;
  const createdAt = timeOfEnd(lineage);
  const model = toLayer(content.model, mediaTypes.weight, modelPath);
  const printed = printDetails({ signature, lineage });
  const details = toLayer(encode(printed), mediaTypes.weightConfig, detailsPath);
  const layers = [model, details];
  const config = toBlob(encode(canonicalJson(toConfig({ name, createdAt, signature, layers }))), mediaTypes.config);
  const manifest = toBlob(
    encode(
      canonicalJson({
        schemaVersion: 2,
        mediaType: mediaTypes.manifest,
        artifactType: mediaTypes.model,
        config: config.descriptor,
        layers: layers.map(({ descriptor }) => descriptor),
        annotations: {
          [annotations.created]: createdAt,
          [annotations.title]: name,
          [annotations.inputs]: lineage.inputs,
        },
      }),
    ),
    mediaTypes.manifest,
  );
  const { digest, size } = model.descriptor;
  // As it will be read back, so that a stored artifact looks the same to whoever stored it.
  const read = readDetails(printed);
  if (typeof read === "string")
    throw contentInvalid({ field: "its signature or lineage", seen: read, wanted: "what types.ts says" });
  return {
    artifact: { name, digest: manifest.descriptor.digest, model: { digest, size }, ...read, createdAt },
    manifest,
    blobs: [config, ...layers],
  };
}

/** Reads any ModelPack manifest with one raw ONNX file. `reference` is for the message of `artifactIncomplete`. */
export function readManifest(bytes: Uint8Array, reference: string): ModelManifest {
  const refuse = (missing: string) => artifactIncomplete({ reference, missing });
  const manifest = parseObject(bytes);
  if (manifest === undefined) throw refuse("its manifest is no JSON object");
  const config = manifest["config"] as Descriptor | undefined;
  const kind = manifest["artifactType"] ?? config?.mediaType ?? manifest["mediaType"];
  // Some tools drop `artifactType`; the config's media type says the same.
  if (!isDescriptor(config) || (kind !== mediaTypes.model && kind !== mediaTypes.config)) {
    throw refuse(`it is ${JSON.stringify(kind)}, not ${mediaTypes.model}`);
  }
  const layers = (Array.isArray(manifest["layers"]) ? manifest["layers"] : []).filter(isDescriptor);
  const model = findModel(layers);
  if (typeof model === "string") throw refuse(model);
  return {
    config,
    model,
    details: layers.find((layer) => pathOf(layer) === detailsPath && layer.mediaType.endsWith(".raw")),
  };
}

/** `details` are the bytes of the layer that `readManifest` named. Throws `artifactIncomplete` where signature or lineage are missing. */
export function toArtifact(
  from: { name: string; digest: Digest; aliases: readonly string[]; manifest: ModelManifest },
  details: Uint8Array | undefined,
): Artifact {
  const { name, digest, aliases, manifest } = from;
  const read: Details | string =
    details === undefined
      ? "it has no signature (no layer slipway.json), so nobody knows what it takes and gives"
      : readDetails(new TextDecoder().decode(details));
  if (typeof read === "string") throw artifactIncomplete({ reference: `${name}@${digest}`, missing: read });
  const model = { digest: manifest.model.digest, size: manifest.model.size };
  return { name, digest, model, ...read, aliases: aliases.toSorted(), createdAt: timeOfEnd(read.lineage) };
}

export function isDescriptor(value: unknown): value is Descriptor {
  if (typeof value !== "object" || value === null) return false;
  const { mediaType, digest, size } = value as Partial<Descriptor>;
  return (
    typeof mediaType === "string" &&
    typeof digest === "string" &&
    isDigest(digest) &&
    Number.isSafeInteger(size) &&
    Number(size) >= 0
  );
}

function findModel(layers: readonly Descriptor[]): Descriptor | string {
  const weights = layers.filter(({ mediaType }) => mediaType.startsWith("application/vnd.cncf.model.weight.v1."));
  const raw = weights.filter(({ mediaType }) => mediaType === mediaTypes.weight);
  const onnx = raw.filter((layer) => pathOf(layer).endsWith(".onnx"));
  const [only, ...more] = onnx.length > 0 ? onnx : raw.filter((layer) => raw.length === 1 && pathOf(layer) === "");
  if (only !== undefined && more.length === 0) return only;
  if (more.length > 0) return `it has ${onnx.length} ONNX files (${onnx.map(pathOf).join(", ")}), wanted one`;
  const seen = weights.map((layer) => `${pathOf(layer) || "a file without a name"} (${layer.mediaType})`).join(", ");
  return `it has no raw ONNX file; its weights are ${seen || "missing"}`;
}

function pathOf(layer: Descriptor): string {
  return layer.annotations?.[annotations.filepath] ?? layer.annotations?.[annotations.title] ?? "";
}

/** Schema: modelpack/model-spec `schema/config-schema.json`; it allows no other members. */
function toConfig(from: { name: string; createdAt: string; signature: Signature; layers: readonly Blob[] }): object {
  return {
    descriptor: { createdAt: from.createdAt, name: from.name },
    config: {
      format: "onnx",
      capabilities: {
        inputTypes: listModalities(from.signature.inputs),
        outputTypes: listModalities(from.signature.outputs),
      },
    },
    modelfs: { type: "layers", diffIds: from.layers.map(({ descriptor }) => descriptor.digest) },
  };
}

function listModalities(tensors: readonly TensorSignature[]): string[] {
  return [...new Set(tensors.map(({ content }) => (content?.kind === "image" ? "image" : "other")))];
}

function toLayer(bytes: Uint8Array, mediaType: string, path: string): Blob {
  const blob = toBlob(bytes, mediaType);
  return {
    bytes,
    descriptor: { ...blob.descriptor, annotations: { [annotations.filepath]: path, [annotations.title]: path } },
  };
}

function toBlob(bytes: Uint8Array, mediaType: string): Blob {
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength } };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function timeOfEnd({ startedAt, durationSeconds }: Lineage): string {
  return new Date(Date.parse(startedAt) + durationSeconds * 1000).toISOString();
}

function refuseWrong({ name, model, signature, lineage }: ArtifactContent): void {
  const refuse = (field: string, seen: unknown, wanted: string) =>
    contentInvalid({ field, seen: String(seen), wanted });
  if (!isName(name))
    throw refuse("its name", JSON.stringify(name), 'lower-case letters and digits joined by ".", "_", "-" or "/"');
  if (model.byteLength === 0) throw refuse("the ONNX file", "empty", "at least one byte");
  if (signature.inputs.length === 0 || signature.outputs.length === 0)
    throw refuse("its signature", "without inputs or outputs", "at least one of each");
  if (!isDigest(lineage.inputs)) throw refuse("lineage.inputs", lineage.inputs, "a sha256 digest");
  if (Number.isNaN(Date.parse(lineage.startedAt)))
    throw refuse("lineage.startedAt", lineage.startedAt, "an RFC 3339 time");
  if (!(lineage.durationSeconds >= 0 && lineage.durationSeconds < 1e9))
    throw refuse("lineage.durationSeconds", lineage.durationSeconds, "seconds, 0 or more");
}
