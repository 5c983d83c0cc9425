/** @file Which kubeconfig files are in force, merged as kubectl merges them, with what the library leaves out of them. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { parse } from "yaml";
import { messageOf } from "../../base/errors.ts";
import { kubeconfigInvalid, kubeconfigMissing } from "../errors.ts";

/** Name of the context that stands for the service account of the pod which this process runs in. */
export const inCluster = "in-cluster";
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/token";

export interface Kubeconfigs {
  config: KubeConfig;
  /** The files, for errors. */
  looked: string;
}

/** Throws `kubeconfigMissing`, `kubeconfigInvalid`. `make` makes an empty config of the client library. */
export function readKubeconfigs(make: () => KubeConfig, context: string, given: string | undefined): Kubeconfigs {
  const paths = findPaths(given);
  const files = paths.filter((path) => existsSync(path));
  const config = make();
  // As kubectl does: files that are not there are passed over, and the first to name something wins.
  for (const path of files) merge(config, readOne(make, path));
  const usable = config.contexts.some(({ name }) => name === context);
  if (!usable && context === inCluster && existsSync(serviceAccount))
    return { config: readPod(make), looked: "this pod" };
  if (files.length === 0) throw kubeconfigMissing({ looked: paths });
  return { config, looked: files.join(delimiter) };
}

function findPaths(given: string | undefined): string[] {
  const listed = given ?? process.env["KUBECONFIG"] ?? "";
  const paths = listed.split(delimiter).filter((path) => path !== "");
  return paths.length > 0 ? paths.map((path) => resolve(path)) : [join(homedir(), ".kube", "config")];
}

function readPod(make: () => KubeConfig): KubeConfig {
  const config = make();
  config.loadFromCluster();
  for (const entry of config.contexts) Object.assign(entry, { name: inCluster });
  return config;
}

function readOne(make: () => KubeConfig, path: string): KubeConfig {
  const config = make();
  try {
    const text = readFileSync(path, "utf8");
    // An empty file is a config that names nothing; the library would fall over it.
    const document = (parse(text) ?? {}) as RawConfig;
    if (typeof document !== "object") throw new Error("it is not a mapping");
    config.loadFromString(JSON.stringify(document));
    config.makePathsAbsolute(dirname(path));
    complete(config, document, dirname(path));
  } catch (error) {
    throw kubeconfigInvalid({ path, reason: messageOf(error) }, { cause: error });
  }
  return config;
}

interface RawConfig {
  users?: { name?: string; user?: { tokenFile?: string } | null }[];
}

interface Exec {
  command?: string;
  apiVersion?: string;
  env?: { name: string; value: string }[] | null;
}

/** What kubectl does with a user and the library does not: token files, programs beside the kubeconfig, and what a program is told. */
function complete(config: KubeConfig, document: RawConfig, folder: string): void {
  for (const user of config.users) {
    const tokenFile = document.users?.find(({ name }) => name === user.name)?.user?.tokenFile;
    if (tokenFile !== undefined)
      Object.assign(user, {
        authProvider: {
          name: "tokenFile",
          config: { tokenFile: isAbsolute(tokenFile) ? tokenFile : join(folder, tokenFile) },
        },
      });
    const exec = user.exec as Exec | null | undefined;
    if (exec?.command === undefined) continue;
    if (/[/\\]/.test(exec.command) && !isAbsolute(exec.command)) exec.command = join(folder, exec.command);
    const info = { kind: "ExecCredential", apiVersion: exec.apiVersion, spec: { interactive: false } };
    // Some programs (Google's, Azure's) refuse to work without it.
    exec.env = [...(exec.env ?? []), { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify(info) }];
  }
}

function merge(into: KubeConfig, from: KubeConfig): void {
  for (const cluster of from.clusters)
    if (!into.clusters.some(({ name }) => name === cluster.name)) into.addCluster(cluster);
  for (const user of from.users) if (!into.users.some(({ name }) => name === user.name)) into.addUser(user);
  for (const entry of from.contexts) if (!into.contexts.some(({ name }) => name === entry.name)) into.addContext(entry);
}
