/** @file `deploy.files`: single files in the pod, from one ConfigMap and from Secrets. */
import { digestOf, hexOf } from "../base/digest.ts";
import type { DeployDefinition, SecretKey } from "../project/deploy.ts";
import type { Mount, Volume } from "./pod.ts";

export interface Files {
  /** Of the ConfigMap: empty where nothing needs one. */
  data: Readonly<Record<string, string>>;
  volumes: readonly Volume[];
  /** Each file is mounted alone (`subPath`), so that its folder keeps what the image has in it. */
  mounts: readonly Mount[];
}

/** `contents` has the text of those that came from files. `configMap` is the name that the ConfigMap will have. */
export function toFiles(
  files: NonNullable<DeployDefinition["files"]>,
  contents: Readonly<Record<string, string>>,
  configMap: string,
): Files {
  const paths = Object.keys(files).toSorted();
  const texts = paths.filter((path) => !("secret" in files[path]!));
  const secrets = paths.filter((path) => "secret" in files[path]!);
  const keys = nameKeys(texts);
  const data = Object.fromEntries(texts.map((path) => [keys.get(path)!, textOf(path, files, contents)]));
  const volumeOf = new Map(
    [...new Set(secrets.map((path) => (files[path] as SecretKey).secret))].map((secret, i) => [secret, `secret-${i}`]),
  );
  return {
    data,
    volumes: [
      ...(texts.length === 0 ? [] : [{ name: "files", configMap: { name: configMap, defaultMode: 0o444 } }]),
      // Owned by root and the pod's group: nobody else in the node's file system may read it.
      ...[...volumeOf].map(([secretName, name]) => ({ name, secret: { secretName, defaultMode: 0o440 } })),
    ],
    mounts: paths.map((mountPath) => {
      const file = files[mountPath]!;
      return "secret" in file
        ? { name: volumeOf.get(file.secret)!, mountPath, subPath: file.key, readOnly: true }
        : { name: "files", mountPath, subPath: keys.get(mountPath)!, readOnly: true };
    }),
  };
}

function textOf(
  path: string,
  files: NonNullable<DeployDefinition["files"]>,
  contents: Readonly<Record<string, string>>,
): string {
  const file = files[path]!;
  return "content" in file ? file.content : (contents[path] ?? "");
}

/** Keys of a ConfigMap: letters, digits, `-`, `_` and `.`. The file's own name, with a hash of its path where two are the same. */
function nameKeys(paths: readonly string[]): Map<string, string> {
  const bases = paths.map((path) =>
    path
      .slice(path.lastIndexOf("/") + 1)
      .replaceAll(/[^-\w.]/g, "_")
      .replace(/^\.+/, "_"),
  );
  return new Map(
    paths.map((path, i) => {
      const base = bases[i]!.slice(0, 200) || "file";
      const alone = bases.filter((other) => other.slice(0, 200) === bases[i]!.slice(0, 200)).length === 1;
      return [path, alone ? base : `${base}.${hexOf(digestOf(path), 8)}`];
    }),
  );
}
