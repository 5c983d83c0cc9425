import { setTimeout as sleep } from "node:timers/promises";
import { getObject } from "../../deploy/cluster/objects.ts";
import type { ServerRelease } from "../../kube/types.ts";
import type { WayOptions } from "../types.ts";
import type { Deployed } from "./deploy-step.ts";
import type { ClusterPlace } from "./place.ts";

export interface Settled {
  ready: number;
  replicas: number;
  waited: number;
  urls: string[];
}

export async function settleRelease(
  place: ClusterPlace,
  release: ServerRelease,
  applied: Deployed,
  { report, signal }: WayOptions,
): Promise<Settled> {
  const deployment = applied.objects.find(({ kind }) => kind === "Deployment")!;
  const { name } = deployment.metadata;
  for (let waited = 0; ; waited++) {
    const live = (await getObject(place.cluster, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      namespace: place.namespace,
      name,
    }))! as any;
    const { observedGeneration = 0, updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = live.status ?? {};
    const wanted = live.spec.replicas ?? 1;
    if (
      observedGeneration >= live.metadata.generation &&
      updatedReplicas === wanted &&
      availableReplicas === wanted &&
      replicas === wanted
    ) {
      const urls: string[] = [];
      for (const service of applied.objects.filter(({ kind }) => kind === "Service")) {
        const found = (await getObject(place.cluster, {
          apiVersion: "v1",
          kind: "Service",
          namespace: place.namespace,
          name: service.metadata.name,
        }))! as any;
        const ip = found.status?.loadBalancer?.ingress?.[0]?.ip;
        const port = found.spec.ports[0];
        if (ip) urls.push(`http://${ip}:${port.port}`);
        else if (port.nodePort) urls.push(`http://10.89.0.11:${port.nodePort}`);
      }
      return { ready: availableReplicas, replicas: wanted, waited, urls };
    }
    report({ step: "deploy", label: `wait for pods`, done: availableReplicas, total: wanted });
    await sleep(200, undefined, { signal });
  }
}
