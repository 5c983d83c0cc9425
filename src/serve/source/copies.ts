import { hexOf } from "../../base/digest.ts";
import { copyArtifact } from "../../artifact/store/copy.ts";
import { parseReference } from "../../artifact/reference.ts";
import { artifactNotFound } from "../../artifact/errors.ts";
import type { Store } from "../../artifact/types.ts";
import { findSlipwayError } from "../../base/errors.ts";
import type { Logger } from "../../http/log.ts";
import type { ModelSource } from "./types.ts";

/**
 * A registry's models with a copy of each in a folder: what was copied is read from there, and the last that served can be
 * started from when the registry is away. A folder that fails costs the copies, never an answer.
 */
export function keepCopies(registry: Store, copies: Store, log: Logger): ModelSource {
  return {
    origin: "registry",
    readAlias: (name, alias) => registry.readAlias(name, alias),
    async get(reference) {
      const artifact = await registry.get(reference);
      const from = { get: () => Promise.resolve(artifact), pack: (exact: string) => registry.pack(exact) };
      // Not the end of it: `readModel` asks the registry itself then, and says what is wrong with the model, if that was it.
      await copyArtifact(from, copies, reference).catch(complain("a model could not be copied to the cache"));
      return artifact;
    },
    readModel: (artifact) => copies.readModel(artifact).catch(() => registry.readModel(artifact)),
    async lastGood(reference) {
      const { name, pointer } = pointerOf(reference);
      const digest = await copies.readAlias(name, pointer);
      return digest === undefined ? undefined : copies.get(`${name}@${digest}`).catch(ignoreNotFound);
    },
    async keep(reference, { name, digest }) {
      const { pointer } = pointerOf(reference);
      try {
        await copies.setAlias(name, pointer, digest);
        // Another server may share the folder: what it follows has an alias too.
        for (const old of await copies.list(name))
          if (old.aliases.length === 0) await copies.remove(`${name}@${old.digest}`);
        await copies.collect();
      } catch (error) {
        complain("the cache could not be brought up to date")(error);
      }
    },
  };

  function complain(message: string): (error: unknown) => void {
    return (error) => log.warn({ err: error, cache: copies.location }, message);
  }
}

/** The alias in the cache that says which copy serves a reference. */
function pointerOf(reference: string): { name: string; pointer: string } {
  const parsed = parseReference(reference);
  if (parsed.kind === "alias") return { name: parsed.name, pointer: parsed.alias };
  const digits = parsed.kind === "digest" ? hexOf(parsed.digest, 12) : parsed.prefix;
  return { name: parsed.name ?? "", pointer: `pinned.${digits}` };
}

function ignoreNotFound(error: unknown): undefined {
  if (findSlipwayError(error)?.code !== artifactNotFound.code) throw error;
}
