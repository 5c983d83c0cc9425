/** @file Waits until a release runs, telling what happens meanwhile, and finds where it answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { recordOutcome } from "../../deploy/cluster/history.ts";
import { findEndpoints, type Endpoint } from "../../deploy/cluster/endpoint.ts";
import type { Finding } from "../../deploy/cluster/explain/finding.ts";
import { forwardPort } from "../../deploy/cluster/forward.ts";
import { watchRollout } from "../../deploy/cluster/rollout.ts";
import type { TreeNode } from "../../deploy/cluster/tree.ts";
import { servingPort } from "../../kube/deployment.ts";
import { toSelector } from "../../kube/labels.ts";
import type { KubeObject, ServerRelease } from "../../kube/types.ts";
import type { WayOptions } from "../types.ts";
import type { Deployed } from "./deploy-step.ts";
import type { ClusterPlace } from "./place.ts";

export interface Settled {
  /** Names of the pods that serve. */
  pods: readonly string[];
  /** For people: `2 of 2 available`. */
  text: string;
  endpoints: readonly Endpoint[];
  /** What is odd, though all pods serve. */
  warnings: readonly Finding[];
}

export interface SettleOptions extends Pick<WayOptions, "report" | "signal"> {
  /** Milliseconds for the pods to be ready. Default 10 minutes. */
  deadlineMs?: number;
  onTree?: ((tree: TreeNode, findings: readonly Finding[]) => void) | undefined;
}

/** Throws `rolloutFailed` with the causes, `rolloutTimedOut`, `rolloutOvertaken`; the history notes that it failed. */
export async function settleRelease(
  place: ClusterPlace,
  release: ServerRelease,
  { objects, release: noted }: Deployed,
  { report, signal, onTree, deadlineMs }: SettleOptions,
): Promise<Settled> {
  const { cluster, namespace } = place;
  const { project } = release;
  const named = (kinds: readonly string[]) => objects.filter(({ kind }) => kinds.includes(kind)).map(toRef(namespace));
  const [deployment] = named(["Deployment"]);
  try {
    const { pods, tree, findings } = await watchRollout(cluster, {
      namespace,
      deployment: deployment?.name ?? project,
      services: named(["Service"]).map(({ name }) => name),
      routes: named(["Service", "Ingress", "HTTPRoute"]),
      image: release.image.reference,
      ...(deadlineMs !== undefined && { deadlineMs }),
      onTree: (at, causes) => {
        report({ step: "deploy", label: describeTree(at, causes) });
        onTree?.(at, causes);
      },
      signal,
    });
    const endpoints = await waitForEndpoints(place, release, signal);
    return { pods, text: tree.text, endpoints, warnings: findings };
  } catch (error) {
    // What happened is thrown; that it cannot be noted as well changes nothing about it.
    if (noted !== undefined && !signal.aborted)
      await recordOutcome(cluster, { project, namespace, number: noted.number }, "failed").catch(() => undefined);
    throw error;
  }
}

/** Something that answers from here, for as long as it is used: an address of the cluster's, or a port of this process that leads to the pods. */
export async function reachRelease(
  { cluster, namespace }: ClusterPlace,
  release: ServerRelease,
  { endpoints }: Settled,
): Promise<{ url: string; forwarded: boolean } & AsyncDisposable> {
  // By name only what this machine resolves; a route's host is often not in its DNS yet.
  const direct = endpoints.find(({ reachable, host }) => reachable && host === undefined);
  if (direct !== undefined) return { url: direct.url, forwarded: false, [Symbol.asyncDispose]: async () => {} };
  const reached = await forwardPort(cluster, {
    namespace,
    labels: toSelector(release.project, "server"),
    port: servingPort(release),
  });
  return { url: reached.url, forwarded: true, [Symbol.asyncDispose]: () => reached.close() };
}

/** Milliseconds that addresses from outside may take; without them the release serves all the same. */
const patienceMs = 15_000;

async function waitForEndpoints(
  { cluster, namespace, deploy }: ClusterPlace,
  { project }: ServerRelease,
  signal: AbortSignal,
): Promise<Endpoint[]> {
  const { expose = "clusterIP" } = deploy;
  const isOutside = [expose]
    .flat()
    .some(
      (one) => one !== "clusterIP" && !(typeof one === "object" && "service" in one && one.service === "clusterIP"),
    );
  for (const started = performance.now(); ;) {
    const found = await findEndpoints(cluster, { project, namespace });
    const answers = found.length > 0 && found.every(({ reachable }) => reachable);
    if (!isOutside || answers || performance.now() - started > patienceMs) return found;
    await sleep(500, undefined, { signal });
  }
}

/** `1 of 2 updated, 1 available · digits-5f6c8-x2x9p: pulling the image`: what holds it up, if something does. */
function describeTree(tree: TreeNode, findings: readonly Finding[]): string {
  const [finding] = findings;
  if (finding !== undefined) return `${tree.text} · ${finding.cause}`;
  const busy = findBusy(tree);
  return busy === undefined ? tree.text : `${tree.text} · ${busy.name}: ${busy.text}`;
}

function findBusy(tree: TreeNode): TreeNode | undefined {
  for (const child of tree.children) {
    const found =
      findBusy(child) ?? (child.kind === "Pod" && ["waiting", "working"].includes(child.state) ? child : undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

function toRef(namespace: string) {
  return ({ apiVersion, kind, metadata }: KubeObject) => ({ apiVersion, kind, name: metadata.name, namespace });
}
