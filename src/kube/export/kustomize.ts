/** @file Objects as a Kustomize base. */
import type { ImageSource, KubeObject } from "../types.ts";
import { type Files, nameFile, splitImage, toYamlFiles } from "./files.ts";
import { mapValues } from "./map-values.ts";
import { type Exportable, toExportObjects } from "./objects.ts";
import { toYaml } from "./yaml.ts";

/**
 * A base: `kustomization.yaml` and one file for each object. Images and the namespace are said once, in `kustomization.yaml`, where an overlay
 * changes them. ConfigMaps stay files: the pods' annotation `slipway.dev/config` does what a generator's hash would.
 */
export function toKustomize(exported: Exportable): Files {
  const { project, namespace } = exported.release;
  const bare = toExportObjects(exported).map((object) => {
    const [name, image] =
      object.kind === "CronJob" ? [`${project}-trainer`, exported.run?.image] : [project, exported.release.image];
    const isImage = (path: readonly string[], part: unknown) => path.at(-1) === "image" && part === image?.reference;
    return withoutNamespace(mapValues(object, (path, part) => (isImage(path, part) ? name : undefined)));
  });
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace,
    resources: bare.map(nameFile),
    images: [
      nameImage(project, exported.release.image),
      ...(exported.run === undefined ? [] : [nameImage(`${project}-trainer`, exported.run.image)]),
    ],
  };
  return new Map([["kustomization.yaml", toYaml(kustomization)], ...toYamlFiles(bare)]);
}

function nameImage(name: string, { reference }: ImageSource): object {
  const { repository, digest, tag = "latest" } = splitImage(reference);
  return { name, newName: repository, ...(digest === undefined ? { newTag: tag } : { digest }) };
}

function withoutNamespace(object: KubeObject): KubeObject {
  const { namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata };
}
