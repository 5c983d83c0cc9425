/** @file The serving image to where nodes take it from, and a release of it on the cluster. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact, PackedArtifact, Store } from "../../artifact/types.ts";
import { hexOf, shortDigest } from "../../base/digest.ts";
import { applyObjects, type ApplyEvent } from "../../deploy/cluster/apply.ts";
import { readHistory, type Release } from "../../deploy/cluster/history.ts";
import { buildImage } from "../../image/build.ts";
import { toServerObjects } from "../../kube/server.ts";
import type { KubeObject, ServerRelease } from "../../kube/types.ts";
import { volumePath } from "../../kube/volume.ts";
import { isTrained } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import { deployFileMissing } from "../errors.ts";
import type { WayOptions } from "../types.ts";
import { isOnVolume, type ClusterPlace, type SharedStore } from "./place.ts";
import type { ImagePlan, Published } from "./publish.ts";

/** Whether the model travels in the image. */
export function isInImage({ deploy }: Pick<ClusterPlace, "deploy">): boolean {
  return (deploy.model?.delivery ?? "image") === "image";
}

/** How the image that serves is built: with the model as its last layer, unless that travels otherwise. */
export async function planServer(
  project: Project,
  artifact: Artifact | undefined,
  store: Pick<Store, "pack">,
  place: ClusterPlace,
  { report }: Pick<WayOptions, "report">,
): Promise<ImagePlan> {
  const model: PackedArtifact | undefined =
    artifact === undefined || !isInImage(place) ? undefined : await store.pack(`${artifact.name}@${artifact.digest}`);
  return {
    name: project.definition.name,
    tag: tagServer(project, model?.artifact),
    build: (platform) => buildImage(platform, { project, model, base: place.base, report }),
  };
}

/** What is served is kept by a registry that drops what has no tag. */
export function tagServer(
  { codeDigest }: Pick<Project, "codeDigest">,
  model: Pick<Artifact, "digest"> | undefined,
): string {
  return `serve-${hexOf(model?.digest ?? codeDigest, 12)}`;
}

export async function describeRelease(
  project: Project,
  artifact: Artifact | undefined,
  image: Published["source"],
  place: Pick<ClusterPlace, "namespace" | "ownsNamespace" | "deploy">,
  shared: Pick<SharedStore, "inside"> | undefined,
): Promise<ServerRelease> {
  const { definition, root, codeDigest } = project;
  return {
    project: definition.name,
    namespace: place.namespace,
    ownsNamespace: place.ownsNamespace,
    port: definition.serve?.port ?? 5000,
    image,
    ...(artifact !== undefined && { model: { name: artifact.name, digest: artifact.digest } }),
    ...(isOnVolume(place) && { store: { path: `${volumePath}/store` } }),
    ...(!isInImage(place) && !isOnVolume(place) && shared !== undefined && { store: shared.inside }),
    deploy: place.deploy,
    files: await readDeployFiles(root, place.deploy.files ?? {}),
    codeDigest,
  };
}

export interface Deployed {
  objects: readonly KubeObject[];
  events: readonly ApplyEvent[];
  /** Nothing was changed: all of it was there. */
  kept: boolean;
  /** The newest of the history. */
  release: Release | undefined;
}

export interface ApplyReleaseOptions extends Pick<WayOptions, "report" | "signal"> {
  /** Takes over fields that others manage. */
  forceConflicts?: boolean;
}

/** The objects of a release. A training made its volume before: an object is of one inventory alone. */
export function listReleaseObjects({ definition }: Pick<Project, "definition">, release: ServerRelease): KubeObject[] {
  const objects = toServerObjects(release);
  return isTrained(definition) ? objects.filter(({ kind }) => kind !== "PersistentVolumeClaim") : objects;
}

/** Applies the objects, and notes a release in the history where it is another one than the last. */
export async function applyRelease(
  place: ClusterPlace,
  release: ServerRelease,
  objects: readonly KubeObject[],
  { report, signal, forceConflicts = false }: ApplyReleaseOptions,
): Promise<Deployed> {
  const { cluster, namespace } = place;
  const { project } = release;
  const last = (await readHistory(cluster, { project, namespace })).at(-1);
  const model = release.model === undefined ? undefined : `${release.model.name}@${release.model.digest}`;
  const same = last?.image === release.image.reference && last.model === model && last.code === release.codeDigest;
  const found = await applyObjects(cluster, objects, {
    project,
    namespace,
    ...(!same && {
      release: {
        image: release.image.reference,
        code: release.codeDigest,
        ...(model !== undefined && { model }),
      },
    }),
    onWait: (label) => report({ step: "deploy", label }),
    forceConflicts,
    signal,
  });
  const kept =
    same && found.events.every(({ action }) => action === "unchanged" || action === "foreign" || action === "kept");
  return { objects, events: found.events, kept, release: found.release ?? last };
}

/** `1 created, 3 changed`: what applying did, in a few words. */
export function countActions(events: readonly ApplyEvent[]): string {
  const counts = Map.groupBy(
    events.filter(({ action }) => ["created", "changed", "removed"].includes(action)),
    ({ action }) => action,
  );
  return [...counts].map(([action, list]) => `${list.length} ${action}`).join(", ");
}

export function describeModel(artifact: Artifact | undefined): string {
  return artifact === undefined ? "without a model" : `${artifact.name}@${shortDigest(artifact.digest)}`;
}

async function readDeployFiles(
  root: string,
  files: NonNullable<ClusterPlace["deploy"]["files"]>,
): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for (const [path, source] of Object.entries(files)) {
    if (!("from" in source)) continue;
    try {
      contents[path] = await readFile(join(root, source.from), "utf8");
    } catch (error) {
      throw deployFileMissing({ path, from: source.from, reason: (error as Error).message }, { cause: error });
    }
  }
  return contents;
}
