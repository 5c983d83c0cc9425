/** @file Objects as files: a map from paths to texts, written by whoever asked. */
import type { KubeObject } from "../types.ts";
import { toYaml } from "./yaml.ts";

/** Texts by their paths, in the order of the objects. */
export type Files = ReadonlyMap<string, string>;

/** `deployment-digits.yaml`: what it is comes first, so that a listing is in groups. */
export function nameFile({ kind, metadata }: KubeObject): string {
  return `${kind.toLowerCase()}-${metadata.name}.yaml`;
}

/** One file for each object. */
export function toYamlFiles(objects: readonly KubeObject[]): Files {
  return new Map(objects.map((object) => [nameFile(object), toYaml(object)]));
}

/** `localhost:5001/digits@sha256:…` → `localhost:5001/digits` and the digest; a tag likewise. */
export function splitImage(reference: string): { repository: string; digest?: string; tag?: string } {
  const [name = "", digest] = reference.split("@");
  const colon = name.lastIndexOf(":");
  // A colon before the last slash belongs to the port.
  const isTagged = colon > name.lastIndexOf("/");
  return {
    repository: isTagged ? name.slice(0, colon) : name,
    ...(isTagged && { tag: name.slice(colon + 1) }),
    ...(digest !== undefined && { digest }),
  };
}
