/** @file The names that a store in a registry has, and the moves of its aliases. */
import { canonicalJson, digestOf, type Digest } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { fromBytes } from "../../oci/blob-source.ts";
import { notFound } from "../../oci/errors.ts";
import { deleteManifest, getManifest, headManifest, putManifest, type Manifest } from "../../oci/manifests.ts";
import { pushBlob } from "../../oci/push-blob.ts";
import { deleteBlob, readBlobBytes } from "../../oci/read-blob.ts";
import { listTags } from "../../oci/tags.ts";
import { emptyConfig, manifestTypes, type Descriptor } from "../../oci/types.ts";
import { storeBroken } from "../errors.ts";
import { isDescriptor } from "../manifest.ts";
import type { AliasMove } from "../types.ts";
import { whoAmI } from "../../base/account.ts";
import { isUnsupported, journalOf, putNote, type RegistryPlace } from "./registry-repository.ts";
import { fact, historyTag, readNameTag, toNameTag } from "./registry-tags.ts";

const historyType = "application/vnd.slipway.history.v1+jsonl";

export type Move = Omit<AliasMove, "sequence" | "at" | "by">;

export async function listNames(place: RegistryPlace): Promise<string[]> {
  return (await listTags(journalOf(place))).map(readNameTag).filter((name) => name !== undefined);
}

export async function addName(place: RegistryPlace, name: string): Promise<void> {
  const journal = journalOf(place);
  const tag = toNameTag(name);
  if ((await headManifest(journal, tag)) === undefined) await putNote(place, journal, tag, fact);
}

/** Oldest first. Throws `storeBroken`. */
export async function readMoves(place: RegistryPlace): Promise<AliasMove[]> {
  return (await readHistory(place)).moves;
}

/**
 * Writes moves down; the caller holds the claim. Where an alias was elsewhere than its last written move says (another tool moved it, or a process
 * ended between the two), that comes first as a move by `unknown`.
 */
export async function addMoves(place: RegistryPlace, moves: readonly Move[], signal: AbortSignal): Promise<void> {
  const history = await readHistory(place);
  const all = [...history.moves];
  const at = new Date().toISOString();
  const add = (move: Move, by: string) => all.push({ sequence: (all.at(-1)?.sequence ?? 0) + 1, ...move, at, by });
  for (const move of moves) {
    const { name, alias, from } = move;
    const last = all.findLast((one) => one.name === name && one.alias === alias)?.to;
    if (last !== from) add(toMove(name, alias, last, from), `unknown@${place.registry.host}`);
    add(move, whoAmI());
  }
  await writeHistory(place, all, signal);
  if (history.manifest !== undefined) await forget(place, history.manifest);
}

export function toMove(name: string, alias: string, from: Digest | undefined, to: Digest | undefined): Move {
  return { name, alias, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

async function readHistory(place: RegistryPlace, tries = 3): Promise<{ moves: AliasMove[]; manifest?: Manifest }> {
  const journal = journalOf(place);
  const manifest = await getManifest(journal, historyTag);
  if (manifest === undefined) return { moves: [] };
  const layer = readLayer(manifest);
  if (layer === undefined) throw storeBroken({ file: nameHistory(place), why: "it is no history of a store" });
  try {
    const text = new TextDecoder().decode(await readBlobBytes(journal, layer));
    return { moves: parseLines(text, place), manifest };
  } catch (error) {
    // A writer has replaced it since we read the manifest, and deleted what it replaced.
    if (findSlipwayError(error)?.code !== notFound.code || tries === 1) throw error;
    return readHistory(place, tries - 1);
  }
}

async function writeHistory(place: RegistryPlace, moves: readonly AliasMove[], signal: AbortSignal): Promise<void> {
  const journal = journalOf(place);
  const bytes = new TextEncoder().encode(moves.map((move) => `${JSON.stringify(move)}\n`).join(""));
  const layer: Descriptor = { mediaType: historyType, digest: digestOf(bytes), size: bytes.byteLength };
  await pushBlob(journal, layer.digest, fromBytes(bytes), { signal });
  await pushBlob(journal, emptyConfig.descriptor.digest, fromBytes(emptyConfig.bytes), { signal });
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestTypes.manifest,
    artifactType: historyType,
    config: emptyConfig.descriptor,
    layers: [layer],
  };
  const text = new TextEncoder().encode(canonicalJson(manifest));
  await putManifest(journal, historyTag, { bytes: text, mediaType: manifestTypes.manifest }, { signal });
}

/** The history before is in the new one whole. Where nothing can be deleted it stays, untagged, for the registry's own clean-up. */
async function forget(place: RegistryPlace, manifest: Manifest): Promise<void> {
  const journal = journalOf(place);
  const layer = readLayer(manifest);
  try {
    await deleteManifest(journal, manifest.descriptor.digest);
    if (layer !== undefined) await deleteBlob(journal, layer.digest);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
}

function readLayer({ bytes }: Manifest): Descriptor | undefined {
  const { artifactType, layers } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const [layer] = Array.isArray(layers) ? (layers as unknown[]) : [];
  return artifactType === historyType && isDescriptor(layer) ? layer : undefined;
}

function parseLines(text: string, place: RegistryPlace): AliasMove[] {
  try {
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as AliasMove);
  } catch (cause) {
    throw storeBroken({ file: nameHistory(place), why: "a line of it is not JSON" }, { cause });
  }
}

function nameHistory(place: RegistryPlace): string {
  return `${journalOf(place).registry.host}/${journalOf(place).name}:${historyTag}`;
}
