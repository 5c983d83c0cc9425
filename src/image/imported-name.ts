import { type Digest, hexOf } from "../base/digest.ts";

/**
 * The name of an image that was imported into nodes, where no registry can say what a tag means: `slipway.local/digits:1a2b3c4d5e6f`.
 * The tag is the beginning of the image's digest, so another image has another name, and a pod that names it gets these bytes or
 * none. A tag and not `@sha256:…`, since docker, podman and minikube keep no digest of an image that they did not pull.
 *
 * Pods that use it need `imagePullPolicy: Never`: a node that lacks it then says `ErrImageNeverPull` at once, while
 * `IfNotPresent` would ask for a host `slipway.local`, and `Always` (the default of `:latest`, and what the admission plugin
 * AlwaysPullImages sets everywhere) would ask for it even where the image is.
 */
export function importedName(project: string, digest: Digest): string {
  return `${importedHost}/${project}:${hexOf(digest, 12)}`;
}

/** Whether the name is one of ours for that very image. */
export function isImportedName(name: string, digest: Digest): boolean {
  return name.startsWith(`${importedHost}/`) && name.endsWith(`:${hexOf(digest, 12)}`);
}

/** Whether pods that name it so must find it on their node. */
export function isImported(reference: string): boolean {
  return reference.startsWith(`${importedHost}/`);
}

/** A host that nobody can have: `.local` is not resolved by DNS servers (RFC 6762). */
const importedHost = "slipway.local";
