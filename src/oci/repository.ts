import { isRepository, parseImageReference, parsePrefix } from "./reference.ts";
import { openRegistry, type Registry, type RegistryOptions } from "./registry.ts";
import { referenceInvalid } from "./errors.ts";

/** One repository of a registry: what all functions on blobs, manifests and tags take first. */
export interface Repository {
  readonly registry: Registry;
  readonly name: string;
}

/** Opens `localhost:5001/team/digits`. Nothing is sent yet. Throws `referenceInvalid`. */
export function openRepository(text: string, options: RegistryOptions = {}): Repository {
  const { registry, path } = parsePrefix(text);
  if (path === "") throw referenceInvalid({ reference: text, why: "the repository's name is missing" });
  const name = registry === "docker.io" && !path.includes("/") ? `library/${path}` : path;
  return { registry: openRegistry(registry, options), name };
}

/** Opens what `registry.example.com/team/digits:v3` names: its repository, and the digest or tag to ask for there. Nothing is sent yet. Throws `referenceInvalid`. */
export function openImage(text: string, options: RegistryOptions = {}): { repository: Repository; reference: string } {
  const { registry, repository, tag, digest } = parseImageReference(text);
  // Where both are written the digest decides, as everywhere.
  const reference = digest ?? tag ?? "latest";
  return { repository: { registry: openRegistry(registry, options), name: repository }, reference };
}

/** Over the registry's connections and its login. Throws `referenceInvalid`. */
export function repositoryOf(registry: Registry, name: string): Repository {
  if (!isRepository(name)) throw referenceInvalid({ reference: name, why: "it is no repository's name" });
  return { registry, name };
}

/** For messages: `localhost:5001/digits`. */
export function printRepository({ registry, name }: Repository): string {
  return `${registry.host}/${name}`;
}
