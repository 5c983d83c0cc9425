/**
 * @file The store in any OCI registry: each name is a repository below the prefix, each artifact a manifest in it, each alias a tag. So
 * `crane`, `skopeo`, `oras`, containerd and Kubernetes see plain artifacts. docs/adr/0010-registry-client.md has the reasons.
 */
import { silent, type Report } from "../../base/progress.ts";
import { parsePrefix } from "../../oci/reference.ts";
import { openRegistry, type RegistryOptions } from "../../oci/registry.ts";
import { packArtifact } from "../manifest.ts";
import type { Store } from "../types.ts";
import { readMoves } from "./registry-journal.ts";
import {
  findArtifact,
  findDamage,
  getArtifact,
  listArtifacts,
  packStored,
  readAlias,
  readBytes,
} from "./registry-read.ts";
import type { RegistryPlace } from "./registry-repository.ts";
import { collectBlobs, putArtifact, removeAlias, removeArtifact, setAlias } from "./registry-write.ts";

export interface RegistryStoreOptions extends RegistryOptions {
  /** Hears of bytes as they go up and come down, and of waiting for other writers. */
  report?: Report;
}

/** `prefix` is a host with or without a path: `registry.example.com/team/models`, `localhost:5001`. Nothing is sent yet. Throws the client's `referenceInvalid`. */
export function openRegistryStore(prefix: string, options: RegistryStoreOptions = {}): Store {
  const { registry: host, path } = parsePrefix(prefix);
  const place: RegistryPlace = {
    location: path === "" ? host : `${host}/${path}`,
    registry: openRegistry(host, options),
    path,
    prepared: new Set(),
    report: options.report ?? silent,
  };
  return {
    location: place.location,
    put: async (content) => putArtifact(place, packArtifact(content)),
    get: (reference) => getArtifact(place, reference),
    find: (name, inputs) => findArtifact(place, name, inputs),
    readAlias: (name, alias) => readAlias(place, name, alias),
    list: (name) => listArtifacts(place, name),
    pack: (reference) => packStored(place, reference),
    putPacked: (packed) => putArtifact(place, packed),
    readModel: ({ name, model }) => readBytes(place, name, model),
    setAlias: (name, alias, digest, expected) => setAlias(place, name, alias, digest, expected),
    removeAlias: (name, alias) => removeAlias(place, name, alias),
    history: async (name) => (await readMoves(place)).filter((move) => move.name === name),
    remove: (reference, forced) => removeArtifact(place, reference, forced),
    collect: () => collectBlobs(place),
    check: () => findDamage(place),
  };
}
