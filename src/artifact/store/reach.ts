import type { Digest } from "../../base/digest.ts";
import { findSlipwayError, type SlipwayError } from "../../base/errors.ts";
import type { Descriptor } from "../oci.ts";
import { readBlob } from "./blobs.ts";
import { isManifest, listReferences, type Index } from "./index-file.ts";

/** Everything that the index refers to, at any depth, whoever stored it. Throws `blobMissing`, `blobCorrupted` where a manifest cannot be read. */
export async function listReachable(root: string, index: Index): Promise<Map<Digest, Descriptor>> {
  const reached = new Map<Digest, Descriptor>();
  await visit(index.manifests, async (descriptor) => {
    if (reached.has(descriptor.digest)) return [];
    reached.set(descriptor.digest, descriptor);
    return isManifest(descriptor) ? listReferences(parse(await readBlob(root, descriptor))) : [];
  });
  return reached;
}

/** Reads everything that the index refers to; what is damaged or missing comes back as errors. */
export async function findDamage(root: string, index: Index): Promise<SlipwayError[]> {
  const seen = new Set<Digest>();
  const damage: SlipwayError[] = [];
  await visit(index.manifests, async (descriptor) => {
    if (seen.has(descriptor.digest)) return [];
    seen.add(descriptor.digest);
    try {
      const bytes = await readBlob(root, descriptor);
      return isManifest(descriptor) ? listReferences(parse(bytes)) : [];
    } catch (error) {
      const known = findSlipwayError(error);
      if (known === undefined) throw error;
      damage.push(known); // this is the answer, not a failure of the search
      return [];
    }
  });
  return damage;
}

async function visit(
  descriptors: readonly Descriptor[],
  look: (descriptor: Descriptor) => Promise<Descriptor[]>,
): Promise<void> {
  const waiting = [...descriptors];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) waiting.push(...(await look(next)));
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Its digest is right, so it was stored like this: it refers to nothing.
    return undefined;
  }
}
