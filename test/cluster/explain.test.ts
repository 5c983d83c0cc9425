/** @file Each failure that `explain` knows, made for real: its cause and its mend are told, and the exit code is 5. They happen side by side. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { findSlipwayError, type SlipwayError } from "../../src/base/errors.ts";
import { openCluster } from "../../src/deploy/cluster/open.ts";
import { watchJob, watchRollout, type WatchOptions } from "../../src/deploy/cluster/rollout.ts";
import { bytesEntry } from "../../src/image/tar/entry.ts";
import type { Cluster } from "../../src/deploy/cluster/types.ts";
import { rolloutFailed } from "../../src/deploy/errors.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, kubectlApply, pushTestImage, useCluster, useNamespace } from "./use.ts";

interface Case {
  /** What explain calls it. */
  code: string;
  container?: object;
  pod?: object;
  /** Applied before it, in a namespace of its own. */
  first?: object[];
  /** Labels of that namespace. */
  labels?: Record<string, string>;
  job?: object;
  /** Objects through which it is reached. */
  routes?: object[];
  cause: RegExp;
  mend: RegExp;
  /** It may heal by itself, as far as anybody can know: it is shown, and only the end of waiting makes it a failure. */
  onlyByDeadline?: boolean;
  /** Default: a shell and its tools. */
  image?: Parameters<typeof pushTestImage>[1];
}

const shell = (script: string) => ({ command: ["/bin/sh", "-c", script] });
const http = (path: string, extra: object = {}) => ({ httpGet: { path, port: 8080 }, periodSeconds: 1, ...extra });
/** The head of a program for s390x, which no node is. */
const foreignProgram = Uint8Array.of(
  0x7f,
  0x45,
  0x4c,
  0x46,
  2,
  2,
  1,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  2,
  0,
  22,
  0,
  0,
  0,
  1,
  ...new Uint8Array(104),
);

const cases: Record<string, Case> = {
  "an image that there is not": {
    // Our nodes ask the registry that stands for localhost first, and localhost itself then; they tell of the last answer only.
    code: "image-behind-localhost|image-not-found",
    container: { image: "localhost:5001/nobody/nothing:1" },
    cause: /(the nodes find no|there is no image) localhost:5001\/nobody\/nothing:1/,
    mend: /ush it again/,
  },
  "a registry without TLS": {
    code: "image-plain-http",
    container: { image: "10.89.0.1:5001/nobody/nothing:1" },
    cause: /the registry of 10\.89\.0\.1:5001\/nobody\/nothing:1 speaks plain HTTP/,
    mend: /hosts\.toml/,
  },
  "a name that is none": {
    code: "image-name-invalid",
    container: { image: "Nobody/NOTHING:1:2" },
    cause: /Nobody\/NOTHING:1:2 is no valid name/,
    mend: /Correct the name/,
  },
  "a registry whose name nobody knows": {
    code: "registry-unknown-host",
    container: { image: "registry.nobody.example/x:1" },
    cause: /cannot resolve the registry's name in registry\.nobody\.example\/x:1/,
    mend: /deploy\.registry\.pull/,
  },
  "a registry that does not run": {
    code: "registry-unreachable",
    container: { image: "10.89.0.1:5999/x:1" },
    cause: /do not reach the registry of 10\.89\.0\.1:5999\/x:1/,
    mend: /Check that the registry runs/,
  },
  "an image that is to be on the node": {
    code: "image-not-imported",
    container: { image: "slipway.test/nobody:1", imagePullPolicy: "Never" },
    cause: /slipway\.test\/nobody:1 is not on the node/,
    mend: /slipway image import/,
  },
  "no such Secret": {
    code: "secret-missing",
    container: { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "nobody", key: "k" } } }] },
    cause: /there is no Secret nobody/,
    mend: /kubectl create secret generic nobody/,
  },
  "a Secret without that key": {
    code: "config-key-missing",
    first: [{ apiVersion: "v1", kind: "Secret", metadata: { name: "some" }, stringData: { other: "x" } }],
    container: { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "some", key: "k" } } }] },
    cause: /Secret some has no key k/,
    mend: /kubectl describe secret some/,
  },
  "no such ConfigMap to mount": {
    code: "config-map-missing",
    container: { volumeMounts: [{ name: "v", mountPath: "/v" }] },
    pod: { volumes: [{ name: "v", configMap: { name: "nobody" } }] },
    cause: /there is no ConfigMap nobody/,
    mend: /kubectl create configmap nobody/,
  },
  "an image that runs as root": {
    code: "image-runs-as-root",
    container: { securityContext: { runAsNonRoot: true, runAsUser: 0 } },
    cause: /must not run as root/,
    mend: /USER 65532/,
  },
  "more CPU than any node has": {
    code: "unschedulable-cpu",
    container: { resources: { requests: { cpu: "900" } } },
    cause: /it asks for 900 cpu, and the most that is free on one node is \d/,
    mend: /resources\.cpu/,
  },
  "more memory than any node has": {
    code: "unschedulable-memory",
    container: { resources: { requests: { memory: "900Gi" } } },
    cause: /it asks for 900Gi memory, and the most that is free on one node is [\d.]+Gi/,
    mend: /resources\.memory/,
  },
  "a GPU where there is none": {
    code: "unschedulable-gpu",
    container: { resources: { limits: { "nvidia.com/gpu": "1" } } },
    cause: /it asks for 1 GPUs, and the most that is free on one node is 0/,
    mend: /device plugin/,
  },
  "labels that no node has": {
    code: "unschedulable-labels",
    pod: { nodeSelector: { nobody: "here" } },
    cause: /it wants nobody=here/,
    mend: /kubectl label node <name> nobody=here/,
  },
  "a crash": {
    code: "crash",
    container: {
      ...shell("echo loading the model; echo cannot read model.onnx >&2; exit 7"),
      readinessProbe: http("/"),
    },
    cause: /main ended with exit code 7, \d times so far\n(.*\n)*.*cannot read model\.onnx/,
    mend: /its last lines/,
  },
  "a crash by a signal": {
    code: "crash",
    container: { ...shell("exit 139"), readinessProbe: http("/") },
    cause: /was ended by SIGSEGV \(exit code 139\)/,
    mend: /its last lines/,
  },
  "too little memory": {
    code: "out-of-memory",
    container: {
      ...shell("x=$(head -c 80000000 /dev/zero | tr '\\0' a); sleep 100"),
      resources: { limits: { memory: "20Mi" } },
      readinessProbe: http("/"),
    },
    cause: /more memory than its limit of 20Mi/,
    mend: /Raise deploy\.resources\.memory/,
  },
  "a program for another architecture": {
    code: "wrong-architecture",
    image: {
      name: "test/foreign",
      files: [bytesEntry("bin/foreign", foreignProgram, 0o755)],
      command: ["/bin/foreign"],
    },
    container: { command: ["/bin/foreign"] },
    cause: /for another architecture than its node/,
    mend: /--platform/,
  },
  "a program that is not in the image": {
    code: "command-missing",
    container: { command: ["/bin/nothing"] },
    cause: /does not have the program/,
    mend: /entry point/,
  },
  "a readiness probe that nobody answers": {
    code: "readiness-probe-failing",
    container: { readinessProbe: http("/readyz") },
    cause: /readiness probe of .*main \(GET \/readyz on port 8080\) refused the connection/,
    mend: /listens on another port/,
    onlyByDeadline: true,
  },
  "a readiness probe that is answered with 404": {
    code: "readiness-probe-failing",
    container: { ...shell("mkdir -p /tmp/www; exec httpd -f -p 8080 -h /tmp/www"), readinessProbe: http("/readyz") },
    cause: /\(GET \/readyz on port 8080\) answered 404/,
    mend: /its log says why/,
    onlyByDeadline: true,
  },
  "a startup probe that kills": {
    code: "startup-probe-failing|killed-by-probe",
    container: { startupProbe: http("/", { failureThreshold: 2 }) },
    pod: { terminationGracePeriodSeconds: 1 },
    cause: /startup probe|did not answer its probe/,
    mend: /log/,
    onlyByDeadline: true,
  },
  "a quota that is used up": {
    code: "quota-exceeded",
    first: [{ apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "small" }, spec: { hard: { pods: "0" } } }],
    cause: /ResourceQuota small is used up: asked for pods=1; used pods=0; allowed pods=0/,
    mend: /have the quota raised/,
  },
  "a quota that wants to know the needs": {
    code: "quota-needs-resources",
    first: [
      { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "strict" }, spec: { hard: { "limits.cpu": "4" } } },
    ],
    cause: /ResourceQuota wants every pod to say what it needs: limits\.cpu/,
    mend: /deploy\.resources/,
  },
  "a range that it is out of": {
    code: "limit-range",
    first: [
      {
        apiVersion: "v1",
        kind: "LimitRange",
        metadata: { name: "range" },
        spec: { limits: [{ type: "Container", max: { memory: "10Mi" } }] },
      },
    ],
    container: { resources: { requests: { memory: "20Mi" }, limits: { memory: "20Mi" } } },
    cause: /LimitRange does not allow.*maximum memory usage per Container is 10Mi/,
    mend: /kubectl describe limitrange/,
  },
  "a namespace that is stricter than the pod": {
    code: "pod-security",
    labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    first: [],
    cause: /Pod Security restricted.*allowPrivilegeEscalation/,
    mend: /Take it out/,
  },
  "an account that there is not": {
    code: "service-account-missing",
    pod: { serviceAccountName: "nobody" },
    cause: /there is no ServiceAccount nobody/,
    mend: /slipway up/,
  },
  "a class of volumes that there is not": {
    code: "claim-class-missing",
    first: [claim({ storageClassName: "nobody" })],
    container: { volumeMounts: [{ name: "v", mountPath: "/v" }] },
    pod: { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }] },
    cause: /claim data \(1Mi\) names the StorageClass nobody, which there is not/,
    mend: /train\.volume\.class/,
  },
  "a claim without a class": {
    code: "claim-without-class|claim-pending",
    first: [claim({ storageClassName: "" })],
    container: { volumeMounts: [{ name: "v", mountPath: "/v" }] },
    pod: { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }] },
    cause: /claim data \(1Mi\) names no StorageClass/,
    mend: /train\.volume\.class/,
  },
  "a Job that takes too long": {
    code: "job-deadline",
    job: { activeDeadlineSeconds: 3 },
    cause: /ran longer than its deadline of 3 s/,
    mend: /deploy\.train\.deadline/,
  },
  "a Job that fails again and again": {
    code: "job-failed|crash",
    job: { backoffLimit: 1 },
    container: shell("echo no data; exit 3"),
    cause: /has failed 2 of 2 times|ended with exit code 3/,
    mend: /last try's lines|last lines/,
  },
  "a route to a Gateway that there is not": {
    code: "route-unseen",
    routes: [
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: { name: "way" },
        spec: { parentRefs: [{ name: "nobody" }], rules: [{ backendRefs: [{ name: "x", port: 80 }] }] },
      },
    ],
    container: { readinessProbe: http("/") },
    cause: /no Gateway has taken up HTTPRoute case-\d+; it wants nobody/,
    mend: /kubectl get gateways/,
  },
  "an Ingress of a class that there is not": {
    code: "ingress-class-missing",
    routes: [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: { name: "way" },
        spec: { ingressClassName: "nobody", defaultBackend: { service: { name: "x", port: { number: 80 } } } },
      },
    ],
    container: { readinessProbe: http("/") },
    cause: /names the class nobody, which there is not/,
    mend: /expose: \{ ingress: \{ class \} \}/,
  },
  "a load balancer that has no address to give": {
    code: "load-balancer-failed|load-balancer-pending",
    routes: [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "way" },
        spec: { type: "LoadBalancer", loadBalancerClass: "nobody.example/none", ports: [{ port: 80 }] },
      },
    ],
    container: { readinessProbe: http("/") },
    cause: /Service case-\d+ has no address from a load balancer/,
    mend: /MetalLB/,
  },
};

/** Milliseconds: machines are busy. */
const patienceMs = 180_000;

let at: TestCluster;
let cluster: Cluster;
const namespaces: TestNamespace[] = [];
let failures: Map<string, Promise<SlipwayError | undefined>>;

beforeAll(async () => {
  at = await useCluster();
  cluster = await openCluster({ context: at.context, kubeconfig: at.kubeconfig });
  const { reference } = await pushTestImage(at);
  const common = await useNamespace(at, "explain");
  namespaces.push(common);
  // Started side by side: each waits for its own.
  const started = Object.entries(cases).map(async ([title, made], i) => {
    let namespace = common.name;
    if (made.first !== undefined) {
      const own = await useNamespace(at, "explain");
      namespaces.push(own);
      namespace = own.name;
      for (const [name, value] of Object.entries(made.labels ?? {}))
        await kubectl(at, "label", "namespace", namespace, `${name}=${value}`);
      if (made.first.length > 0) await kubectlApply(at, namespace, made.first);
    }
    const name = `case-${i}`;
    await kubectlApply(at, namespace, [
      ...(made.routes ?? []).map((route) => rename(route, name)),
      workload(name, made, made.image === undefined ? reference : (await pushTestImage(at, made.image)).reference),
    ]);
    return [title, watch(name, namespace, made)] as const;
  });
  const entries = await Promise.all(started);
  failures = new Map(entries);
});
afterAll(async () => {
  await Promise.all(namespaces.map((one) => one[Symbol.asyncDispose]()));
  (cluster as Cluster | undefined)?.close();
});

test.each(Object.entries(cases))("%s", async (title, { code, cause, mend }) => {
  const failure = await failures.get(title);
  expect({ code: failure?.code, exit: failure?.exit, message: failure?.message }).toEqual({
    code: rolloutFailed.code,
    exit: 5,
    message: expect.stringMatching(cause) as string,
  });
  const findings = failure?.details["findings"] as { code: string; mend: string }[];
  const found = findings.find((finding) => code.split("|").includes(finding.code));
  expect(found?.mend ?? `no finding ${code} among ${findings.map((one) => one.code).join(", ")}`).toMatch(mend);
  expect(failure?.mend).toMatch(mend);
});

async function watch(name: string, namespace: string, made: Case): Promise<SlipwayError | undefined> {
  const run = async (options: WatchOptions): Promise<unknown> => {
    if (made.job !== undefined) return watchJob(cluster, { namespace, job: name, ...options });
    const routes = (made.routes ?? []).map((route) => route as { apiVersion: string; kind: string });
    const refs = routes.map(({ apiVersion, kind }) => ({ apiVersion, kind, name }));
    return watchRollout(cluster, { namespace, deployment: name, routes: refs, ...options });
  };
  try {
    if (made.onlyByDeadline === true) {
      const seen = new AbortController();
      const wanted = made.code.split("|");
      const onTree: WatchOptions["onTree"] = (_, findings) => {
        if (findings.some(({ code }) => wanted.includes(code))) seen.abort();
      };
      // Then, and only then, the time is up.
      await run({ onTree, signal: seen.signal, deadlineMs: patienceMs }).catch((error: unknown) => {
        if (!seen.signal.aborted) throw error;
      });
      await run({ deadlineMs: 4000 });
    } else await run({ deadlineMs: patienceMs });
    return undefined;
  } catch (error) {
    return findSlipwayError(error);
  }
}

function workload(name: string, { container = {}, pod = {}, job }: Case, image: string): object {
  const spec = {
    terminationGracePeriodSeconds: 0,
    ...pod,
    containers: [{ name: "main", image, ...shell("sleep 3600"), ...container }],
  };
  if (job !== undefined)
    return {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name },
      spec: { ...job, template: { spec: { ...spec, restartPolicy: "Never" } } },
    };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      minReadySeconds: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec },
    },
  };
}

function claim(spec: object): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } }, ...spec },
  };
}

function rename(route: object, name: string): object {
  const { metadata } = route as { metadata: object };
  return { ...route, metadata: { ...metadata, name } };
}
