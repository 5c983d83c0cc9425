/** @file The default NetworkPolicy: who gets through to a server, and who does not. Each try is a connection of its own. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ClusterUpResult } from "../../src/way/cluster/up.ts";
import { makeTestProject, type TestProject, upOn } from "./project.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, kubectlApply, pushTestImage, useCluster, useNamespace } from "./use.ts";

describe("the default NetworkPolicy of a service behind an Ingress", () => {
  let cluster: TestCluster;
  let own: TestNamespace;
  let other: TestNamespace;
  let project: TestProject;
  let result: ClusterUpResult;

  beforeAll(async () => {
    cluster = await useCluster();
    own = await useNamespace(cluster, "network");
    other = await useNamespace(cluster, "network-stranger");
    const { reference } = await pushTestImage(cluster);
    const caller = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "caller" },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: "caller", image: reference, command: ["/bin/sh", "-c", "while sleep 3600; do :; done"] }],
      },
    };
    for (const namespace of [own, other]) await kubectlApply(cluster, namespace.name, [caller]);
    project = makeTestProject(
      // The test cluster's ingress controller runs on the node's host, in no namespace that a policy could name.
      `{
        expose: { ingress: { host: "${own.name}.test", class: "traefik" } },
        network: { from: [{ pods: {} }, { cidr: "${cluster.ingress}/32" }] },
        model: { delivery: "registry" },
        resources: { cpu: "100m", memory: "200Mi" },
      }`,
    );
    result = await upOn(cluster, own.name, await project.withSeed(1));
    for (const namespace of [own, other])
      await kubectl(
        cluster,
        "--namespace",
        namespace.name,
        "wait",
        "--for=condition=Ready",
        "pod/caller",
        "--timeout=60s",
      );
  });
  afterAll(async () => {
    for (const namespace of [own, other]) await (namespace as TestNamespace | undefined)?.[Symbol.asyncDispose]();
    (project as TestProject | undefined)?.[Symbol.dispose]();
  });

  /** What the pod `caller` of a namespace gets from the service; a blocked packet is dropped, so that waiting is the only answer. */
  const call = (namespace: TestNamespace): Promise<string> =>
    kubectl(
      cluster,
      "--namespace",
      namespace.name,
      "exec",
      "caller",
      "--",
      "sh",
      "-c",
      `timeout 4 wget -qO- http://${project.name}.${own.name}:5000/livez >/dev/null 2>&1 && echo through || echo cut off`,
    ).then((text) => text.trim());

  test("callers of the same namespace get through", async () => {
    await expect.poll(() => call(own), { timeout: 30_000, interval: 500 }).toBe("through");
  });

  test("a stranger's pod in another namespace is cut off", async () => {
    expect(await call(other)).toBe("cut off");
  });

  test("the ingress gets through", async () => {
    expect(result.endpoints.map(({ kind, reachable }) => ({ kind, reachable }))).toEqual([
      { kind: "ingress", reachable: true },
    ]);
    expect(await get(cluster.ingress, `${own.name}.test`, "/readyz")).toBe(200);
  });

  test("the server pulled its model from the registry: the policy leaves that way open", () => {
    // It could not have become ready otherwise; that its model is the right one, `up` verified.
    expect(result.steps.at(-1)).toMatchObject({ step: "verify", outcome: "done" });
  });
});

function get(host: string, name: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host, path, headers: { host: name }, agent: false, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
