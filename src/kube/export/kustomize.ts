/** @file Objects as a Kustomize base. */
import type { KubeObject, ServerRelease } from "../types.ts";
import { type Files, nameFile, splitImage, toYamlFiles } from "./files.ts";
import { mapValues } from "./map-values.ts";
import { toYaml } from "./yaml.ts";

/**
 * A base: `kustomization.yaml` and one file for each object. The image and the namespace are said once, in `kustomization.yaml`, where an overlay
 * changes them. ConfigMaps stay files: the pods' annotation `slipway.dev/config` does what a generator's hash would.
 */
export function toKustomize(
  objects: readonly KubeObject[],
  { project, namespace, image }: Pick<ServerRelease, "project" | "namespace" | "image">,
): Files {
  const { repository, digest, tag = "latest" } = splitImage(image.reference);
  const isImage = (path: readonly string[], part: unknown) => path.at(-1) === "image" && part === image.reference;
  const bare = objects.map((object) =>
    withoutNamespace(mapValues(object, (path, part) => (isImage(path, part) ? project : undefined))),
  );
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace,
    resources: bare.map(nameFile),
    images: [{ name: project, newName: repository, ...(digest === undefined ? { newTag: tag } : { digest }) }],
  };
  return new Map([["kustomization.yaml", toYaml(kustomization)], ...toYamlFiles(bare)]);
}

function withoutNamespace(object: KubeObject): KubeObject {
  const { namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata };
}
