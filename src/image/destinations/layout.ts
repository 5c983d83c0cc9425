/** @file An OCI image layout: the folder that skopeo, crane, oras and containerd read as it is. */
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { BlobSource } from "../../oci/blob-source.ts";
import { type Digest, hexOf } from "../../base/digest.ts";
import { makeWhole, writeWhole } from "../../base/files.ts";
import type { Descriptor } from "../../oci/types.ts";
import { contentMismatch, destinationUnusable } from "../errors.ts";
import { createMeter, readAll } from "../hash.ts";
import { listBlobs, listContent, type Content } from "./content.ts";
import type { Image, ImageIndex } from "../types.ts";

export const layoutVersion = `{"imageLayoutVersion":"1.0.0"}`;

/**
 * Writes the image or index into a layout and names it there; what else the layout has stays, blobs that are there already are
 * not written again. Throws `destinationUnusable`, `contentMismatch`.
 */
export async function writeLayout(image: Image | ImageIndex, folder: string, name: string): Promise<Descriptor> {
  const content = listContent(image);
  try {
    const blobs = join(folder, "blobs", "sha256");
    await mkdir(blobs, { recursive: true });
    for (const { descriptor, content: source } of listBlobs(content)) await writeBlob(blobs, descriptor.digest, source);
    const path = join(folder, "index.json");
    const before = await readManifests(path);
    await writeWhole(path, printLayoutIndex([...before.filter((one) => refOf(one) !== name), named(content, name)]));
    await writeWhole(join(folder, "oci-layout"), layoutVersion);
    return content.root;
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    throw syscall === undefined ? error : destinationUnusable({ path: folder, why: message }, { cause: error });
  }
}

export function named({ root, platform }: Content, name: string): NamedDescriptor {
  return {
    ...root,
    annotations: {
      // OCI's key holds what stands after the last colon for some tools, the whole name for containerd: it has a key of its own.
      "io.containerd.image.name": name,
      [refName]: name,
    },
    ...(platform !== undefined && { platform }),
  };
}

export function printLayoutIndex(manifests: readonly Descriptor[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests });
}

/** An entry of a layout's index: a descriptor may name its image and its platform. */
interface NamedDescriptor extends Descriptor {
  platform?: { os: string; architecture: string };
}

const refName = "org.opencontainers.image.ref.name";

function refOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[refName];
}

async function readManifests(path: string): Promise<Descriptor[]> {
  try {
    const { manifests } = JSON.parse(await readFile(path, "utf8")) as { manifests?: Descriptor[] };
    if (Array.isArray(manifests)) return manifests;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    if (!(error instanceof SyntaxError)) throw error;
  }
  // Never overwritten: it may be someone's only list of what is in there.
  throw destinationUnusable({ path, why: "it is no OCI image index" });
}

async function writeBlob(folder: string, digest: Digest, source: BlobSource): Promise<void> {
  const path = join(folder, hexOf(digest));
  const there = await stat(path).catch(() => undefined);
  if (there?.size === source.size) return;
  await makeWhole(path, async (draft) => {
    const meter = createMeter();
    await using file = await open(draft, "wx", 0o644);
    for await (const piece of meter.pass(readAll(source))) await file.writeFile(piece);
    const seen = meter.result();
    if (seen.digest !== digest) throw contentMismatch({ layer: source.name, seen: seen.digest, wanted: digest });
  });
}
