import { join } from "node:path";
import { openStore } from "../../artifact/store/layout.ts";
import { openRegistryStore } from "../../artifact/store/registry.ts";
import type { Logger } from "../../http/log.ts";
import { parsePrefix } from "../../oci/reference.ts";
import { keepCopies } from "./copies.ts";
import type { ModelSource } from "./types.ts";

/** Where the settings say that models are. */
export interface Place {
  /** Folder of a store. Not read where `registry` is given. */
  store: string | undefined;
  /** `registry.example.com/team/models`; plain HTTP where `insecure`. */
  registry: { prefix: string; insecure: boolean } | undefined;
  /** Folder for copies of a registry's models. */
  cache: string | undefined;
}

/** A server gives up sooner than a person's command: it has a model to serve meanwhile, and looks again in seconds. */
const patience = { retry: { attempts: 3, mostMs: 2000, patienceMs: 5000 }, idleSeconds: 10 };

export async function openSource({ store, registry, cache }: Place, log: Logger): Promise<ModelSource | undefined> {
  if (registry === undefined) return store === undefined ? undefined : openStore(store);
  const { prefix, insecure } = registry;
  const opened = openRegistryStore(prefix, {
    ...patience,
    ...(insecure && { insecure: [parsePrefix(prefix).registry] }),
  });
  if (cache === undefined) return { ...opened, origin: "registry" };
  try {
    return keepCopies(opened, await openStore(join(cache, "models")), log);
  } catch (error) {
    log.warn({ err: error, cache }, "the cache cannot be used; models are read from the registry alone");
    return { ...opened, origin: "registry" };
  }
}
