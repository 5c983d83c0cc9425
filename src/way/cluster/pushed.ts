/** @file Whether an image is in its registry already: `up` left it there, or somebody pushed it. */
import type { Artifact } from "../../artifact/types.ts";
import type { Digest } from "../../base/digest.ts";
import { toDescribed } from "../../image/build.ts";
import type { RegistryDelivery } from "../../image/delivery/types.ts";
import { describe } from "../../image/settings.ts";
import { getManifest, headManifest } from "../../oci/manifests.ts";
import { openRepository } from "../../oci/repository.ts";
import type { Project } from "../../project/types.ts";
import { registryOptions } from "./place.ts";

export interface Pushed {
  /** Digest of the image that the tag names, where it holds this very code, model and version of ours. */
  find(tag: string, model: Artifact | undefined): Promise<Digest | undefined>;
  has(digest: Digest): Promise<boolean>;
}

/** A registry that does not answer within three seconds, or does not let us look, has nothing: then the image is made here. */
export function lookInto(project: Project, registry: RegistryDelivery, signal: AbortSignal): Pushed {
  const repository = openRepository(`${registry.push}/${project.definition.name}`, {
    ...registryOptions({ delivery: registry }),
    retry: { attempts: 1 },
  });
  let away = false;
  const look = async <T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> => {
    if (away) return undefined;
    try {
      return await ask(AbortSignal.any([signal, AbortSignal.timeout(3000)]));
    } catch {
      signal.throwIfAborted();
      away = true;
      return undefined;
    }
  };
  return {
    async find(tag, model) {
      const found = await look((within) => getManifest(repository, tag, { signal: within }));
      if (found === undefined) return undefined;
      const { annotations = {} } = JSON.parse(Buffer.from(found.bytes).toString("utf8")) as {
        annotations?: Record<string, string>;
      };
      const wanted = Object.entries(describe({ ...toDescribed(project, undefined), model }));
      return wanted.every(([name, value]) => annotations[name] === value) ? found.descriptor.digest : undefined;
    },
    has: async (digest) => (await look((within) => headManifest(repository, digest, { signal: within }))) !== undefined,
  };
}
