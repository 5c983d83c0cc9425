/**
 * @file What tests import: the cluster (brought up where it is not), an independent client (kubectl), namespaces of their own, small images.
 * SLIPWAY_TEST_CONTEXT points the same tests at any other cluster: it names a context of the kubeconfig in force (KUBECONFIG or ~/.kube/config).
 */
import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { pushImage } from "../../src/image/destinations/registry.ts";
import type { TarEntry } from "../../src/image/tar/entry.ts";
import { openRepository } from "../../src/oci/repository.ts";
import { command } from "./command.ts";
import { kubectlProgram, openForeign } from "./foreign.ts";
import { busyboxEntries, makeImage, nodeEntries } from "./images.ts";
import { openParts } from "./parts.ts";
import {
  clusterFolder,
  containerdSocket,
  context,
  failureVariable,
  hostAddress,
  nodes,
  registry,
  registryInside,
} from "./settings.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { adminKubeconfig, up } from "./up.ts";

export type { ClusterParts, TestCluster, TestNamespace, TestNode } from "./types.ts";

let opened: Promise<TestCluster> | undefined;

/** The cluster of this test run. Brings our own up where it is not; that takes seconds once its binaries are built. */
export function useCluster(): Promise<TestCluster> {
  return (opened ??= open());
}

async function open(): Promise<TestCluster> {
  const foreign = process.env["SLIPWAY_TEST_CONTEXT"] ?? "";
  if (foreign !== "") return openForeign(foreign, foreignKubeconfig());
  const failure = process.env[failureVariable];
  if (failure !== undefined) throw new Error(failure);
  const folder = clusterFolder();
  await up();
  return {
    kubeconfig: adminKubeconfig(folder),
    context,
    registry,
    registryInside,
    ingress: hostAddress,
    nodes: nodes.map((node) => ({
      name: node.name,
      address: node.address,
      containerdSocket: containerdSocket(folder, node),
    })),
    parts: openParts(folder),
  };
}

function foreignKubeconfig(): string {
  const given = process.env["KUBECONFIG"] ?? "";
  return given === "" ? join(homedir(), ".kube", "config") : given;
}

/** Standard output of kubectl on that cluster. Throws with what it said. */
export function kubectl(cluster: TestCluster, ...args: string[]): Promise<string> {
  return kubectlWith(cluster, "", args);
}

/** The object or the list that `kubectl <args> -o json` prints. */
export async function kubectlJson<T>(cluster: TestCluster, ...args: string[]): Promise<T> {
  return JSON.parse(await kubectl(cluster, ...args, "-o", "json")) as T;
}

/** Applies objects as kubectl does (server-side, as the field manager `test`). */
export function kubectlApply(cluster: TestCluster, namespace: string, objects: readonly object[]): Promise<string> {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  const args = ["apply", "--server-side", "--field-manager=test", "--namespace", namespace, "--filename", "-"];
  return kubectlWith(cluster, list, args);
}

export function kubectlWith(cluster: TestCluster, input: string, args: readonly string[]): Promise<string> {
  return command(kubectlProgram(), ["--kubeconfig", cluster.kubeconfig, "--context", cluster.context, ...args], {
    input,
  });
}

/** A fresh namespace, `<prefix>-<8 hex digits>`. Deleting it is asked for at the end, not waited for. */
export async function useNamespace(cluster: TestCluster, prefix: string): Promise<TestNamespace> {
  const name = `${prefix}-${randomBytes(4).toString("hex")}`;
  await kubectl(cluster, "create", "namespace", name);
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      await kubectl(cluster, "delete", "namespace", name, "--wait=false", "--ignore-not-found");
    },
  };
}

export interface TestImage {
  /** `localhost:5001/test/busybox@sha256:…` */
  reference: string;
  digest: string;
}

/** What a test image starts with: a shell and its tools (2 MB), or this machine's Node with its libraries as well (130 MB). */
export type TestImageBase = "busybox" | "node";

/**
 * Pushes an image for tests: a base, with more files (`textEntry`, `fileEntry` of src/image/tar) on top, run as user 65532.
 * The same content makes the same digest and is sent once. Node is at /usr/local/bin/node. Debian's busybox falls over at `wget -T 5`:
 * write `timeout 5 wget`.
 */
export async function pushTestImage(
  cluster: TestCluster,
  options: { name?: string; base?: TestImageBase; files?: readonly TarEntry[]; command?: readonly string[] } = {},
): Promise<TestImage> {
  const { base = "busybox", name = `test/${base}`, files = [] } = options;
  const layers = [base === "node" ? await nodeEntries() : await busyboxEntries(), files];
  const image = await makeImage(
    layers.filter(({ length }) => length > 0),
    {
      User: "65532:65532",
      Env: ["PATH=/usr/local/bin:/bin"],
      Cmd: options.command ?? ["/bin/sh"],
    },
  );
  const { root } = await pushImage(openRepository(`${cluster.registry}/${name}`), image, { tags: ["latest"] });
  return { digest: root.digest, reference: `${cluster.registry}/${name}@${root.digest}` };
}
