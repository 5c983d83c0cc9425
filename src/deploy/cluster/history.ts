/** @file The releases of a project on a cluster, kept in the inventory's parent. */
import { whoAmI } from "../../base/account.ts";
import { inventoryInvalid } from "../errors.ts";
import { nameRef } from "./api-error.ts";
import { parentRef } from "./inventory.ts";
import { getObject, refOf } from "./objects.ts";
import { holdParent } from "./parent.ts";
import type { Cluster, LiveObject } from "./types.ts";

/** How many are remembered. */
const most = 20;

export interface NewRelease {
  /** Digest of the image. */
  image: string;
  /** `digits@sha256:…` */
  model?: string;
  /** Digest of the bundled project. */
  code: string;
  /** Further facts worth keeping, for people and for going back: the reference of the image, why it was made. */
  facts?: Readonly<Record<string, string>>;
}

export interface Release extends NewRelease {
  /** From 1, never used twice. */
  number: number;
  /** RFC 3339. */
  at: string;
  /** `ada@laptop` */
  by: string;
  /** The kubeconfig context that it was applied through. */
  target?: string;
  /** What became of it, once that is known. */
  outcome?: "live" | "failed";
}

/** Newest last. Empty where the project was never applied there. */
export async function readHistory(
  cluster: Cluster,
  { project, namespace }: { project: string; namespace: string },
): Promise<Release[]> {
  const parent = await getObject(cluster, parentRef(project, namespace, "server"));
  return parent === undefined ? [] : readReleases(parent);
}

/** Notes what became of a release. */
export async function recordOutcome(
  cluster: Cluster,
  { project, namespace, number }: { project: string; namespace: string; number: number },
  outcome: "live" | "failed",
): Promise<void> {
  const hold = await holdParent(cluster, { project, namespace, set: "server" });
  await hold.release((parent) =>
    withReleases(
      parent,
      readReleases(parent).map((release) => (release.number === number ? { ...release, outcome } : release)),
    ),
  );
}

/** With one more release, numbered; where `quiet` and the last one is the same, with that one. The oldest beyond the limit go. */
export function addRelease(
  parent: LiveObject,
  release: NewRelease & { target?: string },
  quiet: boolean,
): { parent: LiveObject; release: Release } {
  const releases = readReleases(parent);
  const last = releases.at(-1);
  if (quiet && last !== undefined && (["image", "model", "code"] as const).every((key) => last[key] === release[key]))
    return { parent, release: last };
  const added: Release = { number: (last?.number ?? 0) + 1, at: new Date().toISOString(), by: whoAmI(), ...release };
  return { parent: withReleases(parent, [...releases, added].slice(-most)), release: added };
}

function readReleases(parent: LiveObject): Release[] {
  const { releases: text = "[]" } = (parent["data"] ?? {}) as Record<string, string>;
  try {
    const releases: unknown = JSON.parse(text);
    if (Array.isArray(releases)) return releases as Release[];
  } catch {
    // Told below, with what it is.
  }
  throw inventoryInvalid({ object: nameRef(refOf(parent)), reason: "its data.releases is no JSON list" });
}

function withReleases(parent: LiveObject, releases: readonly Release[]): LiveObject {
  return { ...parent, data: { ...(parent["data"] as object), releases: JSON.stringify(releases, undefined, 1) } };
}
