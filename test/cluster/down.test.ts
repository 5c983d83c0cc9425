/** @file `down` leaves nothing that we made, and touches nothing else. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deleteRelease } from "../../src/deploy/cluster/down.ts";
import { openCluster } from "../../src/deploy/cluster/open.ts";
import type { Cluster } from "../../src/deploy/cluster/types.ts";
import { makeTestProject, type TestProject, upOn } from "./project.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, kubectlApply, useCluster, useNamespace } from "./use.ts";

describe("down", () => {
  let cluster: TestCluster;
  let api: Cluster;
  let project: TestProject;
  let shared: TestNamespace;

  beforeAll(async () => {
    cluster = await useCluster();
    api = await openCluster({ context: cluster.context, kubeconfig: cluster.kubeconfig });
    shared = await useNamespace(cluster, "down");
    project = makeTestProject(`{
        expose: ["nodePort", { ingress: { host: "down.test", class: "traefik" } }],
        env: { COLOUR: "red" },
        scale: { min: 1, max: 2, cpu: 80 },
        resources: { cpu: "100m", memory: "200Mi" },
        train: { volume: { size: "100Mi" } },
      }`);
  });
  afterAll(async () => {
    (api as Cluster | undefined)?.close();
    await (shared as TestNamespace | undefined)?.[Symbol.asyncDispose]();
    (project as TestProject | undefined)?.[Symbol.dispose]();
  });

  /** Everything in a namespace, as `kind/name`, but for what Kubernetes itself puts and keeps there. */
  const list = async (namespace: string): Promise<string[]> => {
    const kinds = (await kubectl(cluster, "api-resources", "--verbs=list", "--namespaced", "-o=name"))
      .trim()
      .split("\n")
      .filter((kind) => !/^(events|events.events.k8s.io|pods.metrics.k8s.io|endpoints|leases.*)$/.test(kind));
    const text = await kubectl(
      cluster,
      "get",
      kinds.join(","),
      "--namespace",
      namespace,
      "-o=name",
      "--ignore-not-found",
    );
    return text
      .trim()
      .split("\n")
      .filter((name) => name !== "" && name !== "configmap/kube-root-ca.crt" && name !== "serviceaccount/default")
      .toSorted();
  };

  test("in a namespace of others: ours is gone, theirs is as it was; a second time there is nothing to do", async () => {
    const stranger = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "stranger", labels: { "app.kubernetes.io/name": project.name } },
      data: { key: "value" },
    };
    await kubectlApply(cluster, shared.name, [stranger]);
    const before = await list(shared.name);
    await upOn(cluster, shared.name, await project.withSeed(1));
    const during = await list(shared.name);
    expect(during.length).toBeGreaterThan(before.length + 8);

    const place = { project: project.name, namespace: shared.name };
    const kept: string[] = [];
    await deleteRelease(api, { ...place, onKept: ({ kind }) => kept.push(kind) });
    expect(kept).toEqual(["PersistentVolumeClaim"]);
    const claims = (await list(shared.name)).filter((name) => name.startsWith("persistentvolumeclaim/"));
    expect(claims).toHaveLength(1);

    await deleteRelease(api, { ...place, volumes: true });
    await expect.poll(() => list(shared.name), { timeout: 60_000, interval: 500 }).toEqual(before);
    expect(
      await kubectl(cluster, "get", "configmap/stranger", "--namespace", shared.name, "-o=jsonpath={.data.key}"),
    ).toBe("value");
    expect(await deleteRelease(api, { ...place, volumes: true })).toEqual([]);
  });

  test("a namespace that we made goes too; with something of others in it, it stays", async () => {
    const name = `${shared.name}-own`;
    await upOn(cluster, name, await project.withSeed(1));
    const place = { project: project.name, namespace: name, volumes: true };
    await kubectlApply(cluster, name, [{ apiVersion: "v1", kind: "Secret", metadata: { name: "theirs" } }]);
    const kept: string[] = [];
    await deleteRelease(api, { ...place, onKept: ({ kind }, why) => kept.push(`${kind}: ${why}`) });
    expect(kept).toEqual(["Namespace: Secret theirs is in it"]);
    expect(await list(name)).toEqual(["secret/theirs"]);

    await kubectl(cluster, "delete", "secret/theirs", "--namespace", name);
    await deleteRelease(api, place);
    expect(await kubectl(cluster, "get", "namespace", name, "--ignore-not-found", "-o=name")).toBe("");
  });
});
