/** @file What copying models to and from a registry has in common. */
import { openRegistryStore } from "../artifact/store/registry.ts";
import type { Artifact, Store } from "../artifact/types.ts";
import { shortDigest } from "../base/digest.ts";
import { parsePrefix } from "../oci/reference.ts";
import type { OptionDefinition } from "./command.ts";
import type { Io } from "./io.ts";

export const insecureOption: OptionDefinition = {
  flags: "--insecure",
  text: "speak plain HTTP with this registry (localhost needs no such word)",
};

/** A registry's store, with progress, and plain HTTP where the user allows it. */
export function openNamedRegistry(prefix: string, io: Io, options: Readonly<Record<string, unknown>>): Store {
  const insecure = options["insecure"] === true ? [parsePrefix(prefix).registry] : [];
  return openRegistryStore(prefix, { report: io.report, insecure });
}

export function describeCopy(io: Io, artifact: Artifact, location: string, alias: string | undefined): void {
  const { name, digest, model } = artifact;
  io.document({ name, digest, size: model.size, location, ...(alias !== undefined && { alias }) });
  io.print(
    `${io.paint("green", "✔")} ${name}@${shortDigest(digest)} → ${location}${alias === undefined ? "" : ` · ${name}:${alias}`}`,
  );
}
