/** @file A kubeconfig context as a target: the same questions as of the local one. */
import { servingPort } from "../../kube/deployment.ts";
import { toSelector } from "../../kube/labels.ts";
import type { Project } from "../../project/types.ts";
import { nothingDeployed } from "../errors.ts";
import type { Reached, ReleaseRecord, Target } from "../target.ts";
import type { Cluster } from "./types.ts";
import { deleteRelease } from "./down.ts";
import { findEndpoints } from "./endpoint.ts";
import { forwardPort } from "./forward.ts";
import { readHistory } from "./history.ts";
import { podLogs } from "./logs.ts";
import { openCluster } from "./open.ts";
import { readClusterStatus } from "./status.ts";
import { nameRef } from "./api-error.ts";

export interface ClusterTargetOptions {
  context: string;
  namespace?: string | undefined;
  kubeconfig?: string | undefined;
  /** Told of waiting for the API server, and of what stays. */
  onNote?: (text: string) => void;
}

/** Also lets its cluster be asked, until it is closed. */
export interface ClusterTarget extends Target {
  readonly cluster: Cluster;
  readonly namespace: string;
}

/** Throws what opening a cluster throws. The connection is closed by `close`. */
export async function openClusterTarget(
  project: Pick<Project, "definition">,
  { context, namespace: given, kubeconfig, onNote = () => {} }: ClusterTargetOptions,
): Promise<ClusterTarget> {
  const { name, deploy = {}, serve } = project.definition;
  const wanted = given ?? deploy.namespace;
  const cluster = await openCluster({
    context,
    onWait: (text) => text !== undefined && onNote(text),
    ...(wanted !== undefined && { namespace: wanted }),
    ...(kubeconfig !== undefined && { kubeconfig }),
  });
  const { namespace } = cluster;
  const place = { project: name, namespace };
  const port = servingPort({ port: serve?.port ?? 5000, deploy });
  const selector = toSelector(name, "server");
  const forward = (localPort: number): Promise<Reached> =>
    forwardPort(cluster, { namespace, labels: selector, port, localPort });
  const requireRelease = async (): Promise<void> => {
    if ((await readHistory(cluster, place)).length === 0)
      throw nothingDeployed({
        project: name,
        target: `${context}, namespace ${namespace}`,
        up: `slipway up --target ${context}`,
      });
  };
  return {
    name: context,
    cluster,
    namespace,
    description: `${context} (${cluster.server}), namespace ${namespace}`,
    status: () => readClusterStatus(cluster, place),
    async logs(options) {
      await requireRelease();
      const { follow, tail, previous, signal, onLine } = options;
      await podLogs(cluster, {
        namespace,
        labels: selector,
        follow,
        ...(tail !== undefined && { tail }),
        ...(previous !== undefined && { previous }),
        onLine: ({ text, pod }) => onLine(text, pod),
        signal,
      });
    },
    async reach() {
      await requireRelease();
      const endpoint = (await findEndpoints(cluster, place)).find(
        ({ reachable, host }) => reachable && host === undefined,
      );
      return endpoint === undefined ? forward(0) : { url: endpoint.url, close: async () => {} };
    },
    async forward(localPort) {
      await requireRelease();
      return forward(localPort);
    },
    async history() {
      const releases = await readHistory(cluster, place);
      return releases.map(({ number, at, by, model, image }): ReleaseRecord => ({
        number,
        at,
        by,
        image,
        ...(model !== undefined && { model: model.slice(model.indexOf("@") + 1) }),
      }));
    },
    async down({ volumes, signal, onRemoved }) {
      const removed = await deleteRelease(cluster, {
        ...place,
        volumes,
        signal,
        onRemoved: (ref) => onRemoved(nameRef(ref)),
        onKept: (ref, why) => onNote(`${nameRef(ref)} stays: ${why}`),
        onWait: onNote,
      });
      return removed.length;
    },
    close: () => cluster.close(),
  };
}
