/** @file The cluster itself, before anything is tested on it. On a foreign cluster there is nothing to prove. */
import { existsSync } from "node:fs";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openImage } from "../../src/oci/repository.ts";
import { headManifest } from "../../src/oci/manifests.ts";
import { textEntry } from "../../src/image/tar/entry.ts";
import { isHealthy } from "./health.ts";
import { readCommand } from "./process.ts";
import { clusterFolder, registryInside } from "./settings.ts";
import type { ClusterParts, TestCluster, TestNamespace } from "./types.ts";
import { up } from "./up.ts";
import { kubectl, kubectlApply, kubectlJson, pushTestImage, useCluster, useNamespace, type TestImage } from "./use.ts";

const isForeign = (process.env["SLIPWAY_TEST_CONTEXT"] ?? "") !== "";
const patient = { timeout: 90_000, interval: 250 };

describe.skipIf(isForeign)("our own cluster", () => {
  let cluster: TestCluster;
  let parts: ClusterParts;
  let namespace: TestNamespace;
  let image: TestImage;
  const inNamespace = (...args: string[]) => kubectl(cluster, "--namespace", namespace.name, ...args);
  const inTool = (...args: string[]) => inNamespace("exec", "tool", "--", ...args);

  beforeAll(async () => {
    cluster = await useCluster();
    parts = cluster.parts as ClusterParts;
    namespace = await useNamespace(cluster, "cluster");
    image = await pushTestImage(cluster, { name: "test/web", files: [textEntry("www/index.html", "hello\n")] });
    await kubectlApply(cluster, namespace.name, [
      ...web(image.reference),
      ...routes(namespace.name),
      tool(image.reference),
    ]);
    await inNamespace("rollout", "status", "deployment/web", "--timeout=90s");
    await inNamespace("wait", "--for=condition=Ready", "--timeout=90s", "pod/tool");
  });
  afterAll(() => (namespace as TestNamespace | undefined)?.[Symbol.asyncDispose]());

  test("two nodes are ready, one of them for training, with this machine's cores", async () => {
    const { items } = await kubectlJson<{ items: NodeObject[] }>(cluster, "get", "nodes");
    const facts = items.map(({ metadata, status }) => ({
      name: metadata.name,
      training: metadata.labels["training"],
      ready: status.conditions.find(({ type }) => type === "Ready")?.status,
      version: status.nodeInfo.kubeletVersion,
    }));
    expect(facts).toEqual([
      { name: "node1", training: undefined, ready: "True", version: "v1.34.4" },
      { name: "node2", training: "allowed", ready: "True", version: "v1.34.4" },
    ]);
  });

  test("names are resolved in a pod, by pods", async () => {
    expect(await inTool("nslookup", `web.${namespace.name}.svc.cluster.local`)).toMatch(/Address: 10\.96\.\d+\.\d+/);
    expect(await inTool("timeout", "5", "wget", "-qO-", "http://web")).toBe("hello\n");
    const pods = ["--namespace=kube-system", "--selector=k8s-app=kube-dns", "--output=name"];
    const dns = await kubectl(cluster, "get", "pods", ...pods);
    expect(dns.trim().split("\n")).toHaveLength(2);
  });

  test("a NodePort answers on both nodes, a LoadBalancer's address, an Ingress, an HTTPRoute", async () => {
    const service = await kubectlJson<ServiceObject>(cluster, "get", "service/web", "--namespace", namespace.name);
    const port = service.spec.ports[0]?.nodePort ?? 0;
    for (const { address } of cluster.nodes)
      await expect.poll(() => get(address, port), patient).toEqual({ status: 200, body: "hello\n" });
    const findAddress = () => inNamespace("get", "service/web", "-o=jsonpath={.status.loadBalancer.ingress[0].ip}");
    await expect.poll(findAddress, patient).toMatch(/^10\.89\.1\.\d+$/);
    await expect.poll(async () => get(await findAddress(), 80), patient).toEqual({ status: 200, body: "hello\n" });
    for (const host of ["ingress.test", "route.test"])
      await expect
        .poll(() => get(cluster.ingress, 80, `${namespace.name}.${host}`), patient)
        .toEqual({ status: 200, body: "hello\n" });
    const ingress = await inNamespace("get", "ingress/web", "-o=jsonpath={.status.loadBalancer.ingress[0].ip}");
    expect(ingress).toBe(cluster.ingress);
  });

  test("a NetworkPolicy cuts off, and lets in whom it names", async () => {
    await using other = await useNamespace(cluster, "cluster-stranger");
    await kubectlApply(cluster, other.name, [tool(image.reference)]);
    await kubectl(cluster, "--namespace", other.name, "wait", "--for=condition=Ready", "--timeout=90s", "pod/tool");
    const url = `http://web.${namespace.name}`;
    const reach = (name: string) =>
      kubectl(cluster, "--namespace", name, "exec", "tool", "--", "timeout", "2", "wget", "-qO-", url).catch(
        () => "cut off",
      );
    expect(await Promise.all([reach(namespace.name), reach(other.name)])).toEqual(["hello\n", "hello\n"]);
    await kubectlApply(cluster, namespace.name, [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: "web" },
        spec: {
          podSelector: { matchLabels: { app: "web" } },
          ingress: [{ from: [{ podSelector: { matchLabels: { app: "tool" } } }] }],
        },
      },
    ]);
    await expect.poll(() => reach(other.name), patient).toBe("cut off");
    expect(await reach(namespace.name)).toBe("hello\n");
    await inNamespace("delete", "networkpolicy/web");
    await expect.poll(() => reach(other.name), patient).toBe("hello\n");
  });

  test("exec and logs reach pods on both nodes", async () => {
    const pods = ["--namespace", namespace.name, "--selector=app=web"];
    const { items } = await kubectlJson<{ items: PodObject[] }>(cluster, "get", "pods", ...pods);
    expect(items.map(({ spec }) => spec.nodeName).toSorted()).toEqual(["node1", "node2"]);
    for (const { metadata } of items) {
      expect((await inNamespace("exec", metadata.name, "--", "hostname")).trim()).toBe(metadata.name);
      expect(await inNamespace("logs", metadata.name)).toBe("serving\n");
    }
  });

  test("images come from the registry by digest, which pods reach too and which forgets what is deleted", async () => {
    const { repository } = openImage(image.reference);
    expect(await headManifest(repository, image.digest)).toMatchObject({ digest: image.digest });
    expect(await inTool("timeout", "5", "wget", "-qO-", `http://${registryInside}/v2/test/web/tags/list`)).toBe(
      '{"name":"test/web","tags":["latest"]}\n',
    );
    const hosting = await kubectl(
      cluster,
      "get",
      "configmap/local-registry-hosting",
      "--namespace=kube-public",
      "--output=jsonpath={.data.localRegistryHosting\\.v1}",
    );
    expect(hosting).toContain('host: "localhost:5001"');
    const gone = await fetch(`http://localhost:5001/v2/test/gone/manifests/sha256:${"0".repeat(64)}`, {
      method: "DELETE",
    });
    expect(gone.status).toBe(404);
  });

  test("a volume is made when a pod asks for it, and keeps what is written for the next pod", async () => {
    await kubectlApply(cluster, namespace.name, [claim(), job(image.reference, "write", "echo kept > /data/file")]);
    await inNamespace("wait", "--for=condition=Complete", "--timeout=90s", "job/write");
    expect(await inNamespace("get", "pvc/data", "-o=jsonpath={.status.phase}")).toBe("Bound");
    await kubectlApply(cluster, namespace.name, [job(image.reference, "read", "cat /data/file")]);
    await inNamespace("wait", "--for=condition=Complete", "--timeout=90s", "job/read");
    expect(await inNamespace("logs", "job/read")).toBe("kept\n");
  });

  test("an autoscaler sees metrics", async () => {
    await inNamespace("autoscale", "deployment/web", "--cpu=50%", "--min=2", "--max=3");
    const top = () => inNamespace("top", "pods", "--no-headers").catch(String);
    await expect.poll(top, patient).toMatch(/^web-\S+ +\d+m +\d+Mi/m);
    const seen = () =>
      inNamespace("get", "hpa/web", "-o=jsonpath={.status.currentMetrics[0].resource.current.averageUtilization}");
    await expect.poll(seen, patient).toMatch(/^\d+$/);
  });

  test("a part that is stopped refuses, and comes back healthy", async () => {
    const health = () => isHealthy(readCommand(clusterFolder(), "metrics-server").health);
    await parts.stop("metrics-server");
    expect(parts.pid("metrics-server")).toBeUndefined();
    expect(await health()).toBe(false);
    await parts.start("metrics-server");
    expect(await health()).toBe(true);
    await expect(parts.start("no-such-part")).rejects.toThrow('The cluster has no part "no-such-part"');
  });

  test("what is up stays as it is; what was killed is started again", async () => {
    expect(await up()).toEqual({ changed: false });
    const pids = () => new Map(parts.names.map((part) => [part, parts.pid(part)]));
    const before = pids();
    const killed = ["containerd-node1", "kubelet-node2", "scheduler"];
    for (const part of killed) await parts.kill(part);
    expect(await up()).toEqual({ changed: true });
    const after = pids();
    expect([...after.values()]).not.toContain(undefined);
    expect(parts.names.filter((part) => before.get(part) !== after.get(part)).toSorted()).toEqual(killed);
    // A kubelet meets its container runtime again at its own next try.
    const ask = () => inTool("timeout", "5", "wget", "-qO-", "http://web").catch((error: Error) => error.message);
    await expect.poll(ask, patient).toBe("hello\n");
  });

  test("every part has its log", () => {
    for (const part of parts.names) expect(existsSync(`${clusterFolder()}/logs/${part}.log`)).toBe(true);
  });
});

interface NodeObject {
  metadata: { name: string; labels: Record<string, string> };
  status: { conditions: { type: string; status: string }[]; nodeInfo: { kubeletVersion: string } };
}

interface ServiceObject {
  spec: { ports: { nodePort: number }[] };
}

interface PodObject {
  metadata: { name: string };
  spec: { nodeName: string };
}

function web(image: string): object[] {
  const labels = { app: "web" };
  const spread = { maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule" };
  const container = {
    name: "web",
    image,
    command: ["/bin/sh", "-c", "echo serving; exec httpd -f -p 5000 -h /www"],
    ports: [{ containerPort: 5000 }],
    resources: { requests: { cpu: "10m", memory: "8Mi" } },
    readinessProbe: { tcpSocket: { port: 5000 }, periodSeconds: 1 },
  };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [container],
            terminationGracePeriodSeconds: 1,
            topologySpreadConstraints: [{ ...spread, labelSelector: { matchLabels: labels } }],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { type: "LoadBalancer", selector: labels, ports: [{ port: 80, targetPort: 5000 }] },
    },
  ];
}

/** The hosts hold the namespace's name, so that they are this run's own. */
function routes(namespace: string): object[] {
  return [
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "web" },
      spec: {
        ingressClassName: "traefik",
        rules: [
          {
            host: `${namespace}.ingress.test`,
            http: {
              paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
            },
          },
        ],
      },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "web" },
      spec: {
        parentRefs: [{ name: "traefik", namespace: "traefik" }],
        hostnames: [`${namespace}.route.test`],
        rules: [{ backendRefs: [{ name: "web", port: 80 }] }],
      },
    },
  ];
}

function tool(image: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "tool", labels: { app: "tool" } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: "tool", image, command: ["sleep", "86400"] }],
    },
  };
}

function claim(): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
  };
}

function job(image: string, name: string, script: string): object {
  const container = {
    name,
    image,
    command: ["/bin/sh", "-c", script],
    volumeMounts: [{ name: "data", mountPath: "/data" }],
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [container],
          volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
        },
      },
    },
  };
}

/** By a connection of its own. */
function get(address: string, port: number, host = address): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const sent = request({ host: address, port, headers: { host }, agent: false, timeout: 3000 }, (response) => {
    let body = "";
    response.setEncoding("utf8").on("data", (more: string) => (body += more));
    response.once("close", () => resolve({ status: response.statusCode ?? 0, body }));
  });
  sent.once("timeout", () => sent.destroy(new Error(`no answer from ${address}:${port} in 3 s`)));
  sent.once("error", reject);
  sent.end();
  return promise;
}
