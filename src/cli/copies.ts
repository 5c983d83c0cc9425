/** @file What copying models to and from a registry, or MLflow, has in common. */
import { openMlflowStore } from "../artifact/mlflow/store.ts";
import { copyArtifact } from "../artifact/store/copy.ts";
import { openRegistryStore } from "../artifact/store/registry.ts";
import type { Store } from "../artifact/types.ts";
import { shortDigest } from "../base/digest.ts";
import { parsePrefix } from "../oci/reference.ts";
import type { OptionDefinition } from "./command.ts";
import type { Io } from "./io.ts";

export const insecureOption: OptionDefinition = {
  flags: "--insecure",
  text: "speak plain HTTP with this registry (localhost needs no such word)",
};

/** What can be copied from, and to. */
type Copies = Pick<Store, "location" | "get" | "pack" | "putPacked" | "setAlias">;

/** A registry's store, with progress, and plain HTTP where the user allows it; or that of an MLflow server, by `mlflow+http://…`. */
export function openNamedRegistry(prefix: string, io: Io, options: Readonly<Record<string, unknown>>): Copies {
  if (/^mlflow\+https?:\/\//.test(prefix)) return openMlflowStore(prefix);
  const insecure = options["insecure"] === true ? [parsePrefix(prefix).registry] : [];
  return openRegistryStore(prefix, { report: io.report, insecure });
}

/** Copies a model, gives it its alias there, and says so. */
export async function copyNamed(io: Io, from: Copies, to: Copies, reference: string, alias: unknown): Promise<void> {
  const named = alias as string | undefined;
  const options = named === undefined ? {} : { alias: { name: named } };
  const { name, digest, model } = await copyArtifact(from, to, reference, options);
  const { location } = to;
  io.document({ name, digest, size: model.size, location, ...(named !== undefined && { alias: named }) });
  io.print(
    `${io.paint("green", "✔")} ${name}@${shortDigest(digest)} → ${location}${named === undefined ? "" : ` · ${name}:${named}`}`,
  );
}
