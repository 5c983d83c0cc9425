/** @file With messages as containerd, kubelet, scheduler and controllers of Kubernetes 1.34 write them. test/cluster/explain.test.ts makes most of them for real. */
import { assert, constantFrom, property, string } from "fast-check";
import { expect, test } from "vitest";
import type { LiveObject } from "../types.ts";
import { explain } from "./explain.ts";
import { formatQuantity, readQuantity } from "./quantity.ts";

const now = Date.parse("2026-01-01T00:10:00Z");

function object(
  apiVersion: string,
  kind: string,
  name: string,
  fields: object = {},
  metadata: object = {},
): LiveObject {
  const created = { creationTimestamp: "2026-01-01T00:00:00Z", resourceVersion: "1" };
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: "ns", uid: `${kind}/${name}`, ...created, ...metadata },
    ...fields,
  };
}

function pod(status: object, spec: object = {}, name = "digits-5f6c8-x2"): LiveObject {
  const containers = [
    {
      name: "server",
      image: "registry.example/digits:1",
      resources: { requests: { cpu: "250m" }, limits: { memory: "200Mi" } },
    },
  ];
  return object(
    "v1",
    "Pod",
    name,
    { spec: { containers, ...spec }, status },
    { ownerReferences: [{ kind: "ReplicaSet", name: "digits-5f6c8", uid: "r", controller: true }] },
  );
}

function event(about: LiveObject, reason: string, message: string, fields: object = {}): LiveObject {
  const involvedObject = { kind: about.kind, name: about.metadata.name, uid: about.metadata.uid };
  return object("v1", "Event", `${about.metadata.name}.${reason}`, {
    reason,
    message,
    type: "Warning",
    involvedObject,
    lastTimestamp: "2026-01-01T00:09:58Z",
    ...fields,
  });
}

const container = (state: object, fields: object = {}) => ({
  containerStatuses: [
    { name: "server", ready: false, restartCount: 0, image: "registry.example/digits:1", state, ...fields },
  ],
});
const waiting = (reason: string, message = "") => pod(container({ waiting: { reason, message } }));
const look = (objects: LiveObject[], logs: Record<string, string[]> = {}) => explain({ objects, logs, now });
const first = (objects: LiveObject[], logs?: Record<string, string[]>) => {
  const { code, cause, mend, final } = look(objects, logs)[0] ?? { code: "", cause: "", mend: "", final: undefined };
  return { code, cause, mend, final };
};

const pull =
  'Back-off pulling image "registry.example/digits:1": ErrImagePull: failed to pull and unpack image "registry.example/digits:1": failed to resolve reference "registry.example/digits:1": ';
test.each([
  ["registry.example/digits:1: not found", "image-not-found", "there is no image registry.example/digits:1"],
  [
    "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
    "image-unauthorized",
    "the registry does not let the nodes pull registry.example/digits:1",
  ],
  [
    "unexpected status from HEAD request to https://registry.example/v2/digits/manifests/1: 401 Unauthorized",
    "image-unauthorized",
    "the registry does not let the nodes pull registry.example/digits:1",
  ],
  [
    'failed to do request: Head "https://registry.example/v2/digits/manifests/1": http: server gave HTTP response to HTTPS client',
    "image-plain-http",
    "the registry of registry.example/digits:1 speaks plain HTTP, and the nodes expect HTTPS",
  ],
  [
    'failed to do request: Head "https://registry.example/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    "image-certificate",
    "the nodes do not trust the certificate of the registry of registry.example/digits:1",
  ],
  [
    'failed to do request: Head "https://registry.example/v2/": dial tcp: lookup registry.example: no such host',
    "registry-unknown-host",
    "the nodes cannot resolve the registry's name in registry.example/digits:1",
  ],
  [
    'failed to do request: Head "https://registry.example/v2/": dial tcp 10.0.0.1:443: connect: connection refused',
    "registry-unreachable",
    "the nodes do not reach the registry of registry.example/digits:1",
  ],
  [
    "no match for platform in manifest: not found",
    "image-wrong-platform",
    "registry.example/digits:1 does not exist for the node's architecture",
  ],
  ["the moon is in the wrong place", "image-pull-failed", "a node cannot pull registry.example/digits:1"],
])("an image: %s", (said, code, cause) => {
  expect(first([waiting("ImagePullBackOff", pull + said)])).toMatchObject({ code, cause });
  // Older nodes keep the reason in the event alone.
  const bare = waiting("ImagePullBackOff", 'Back-off pulling image "registry.example/digits:1"');
  const told = event(
    bare,
    "Failed",
    `Failed to pull image "registry.example/digits:1": rpc error: code = Unknown desc = ${said}`,
  );
  expect(first([bare, told, event(bare, "Failed", "Error: ErrImagePull")])).toMatchObject({ code, cause });
});

test("names of images do not mislead: one may be called not-found", () => {
  const status = container({
    waiting: {
      reason: "ErrImagePull",
      message: 'failed to resolve reference "not-found/denied:1": dial tcp 10.0.0.1:443: i/o timeout',
    },
  });
  const spec = { containers: [{ name: "server", image: "not-found/denied:1" }] };
  expect(first([pod(status, spec)])).toMatchObject({ code: "registry-unreachable", final: 45 });
});

test("an image that was to be imported: the node is named, and looks again where the pod has waited for it", () => {
  const message = 'Container image "slipway.local/digits:1a2b" is not present with pull policy of Never';
  const status = container({ waiting: { reason: "ErrImageNeverPull", message } });
  const spec = { nodeName: "node2", containers: [{ name: "server", image: "slipway.local/digits:1a2b" }] };
  const cause = "slipway.local/digits:1a2b is not on the node node2, and it may not be pulled";
  const old = pod(status, spec);
  expect(first([old])).toMatchObject({ code: "image-not-imported", cause, final: 20 });
  const creationTimestamp = new Date(now - 3000).toISOString();
  const fresh = { ...old, metadata: { ...old.metadata, creationTimestamp } };
  expect(first([fresh])).toMatchObject({ code: "image-not-imported", cause, final: 5 });
});

test.each([
  [
    "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient cpu. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.",
    "unschedulable-taint",
    /1 nodes have the untolerated taint \{node-role.*; it asks for 250m cpu, and the most that is free on one node is 100m/,
  ],
  [
    "0/1 nodes are available: 1 node(s) were unschedulable. preemption: not eligible",
    "unschedulable-cordoned",
    /1 nodes are cordoned/,
  ],
  [
    "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. preemption: x",
    "node-not-ready",
    /not-ready/,
  ],
  [
    "0/2 nodes are available: 2 node(s) had volume node affinity conflict. preemption: x",
    "unschedulable-labels|unschedulable-volume",
    /volume node affinity conflict/,
  ],
])("a pod that no node takes: %s", (message, code, cause) => {
  const stuck = pod({ conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] });
  const node = object("v1", "Node", "node1", { spec: {}, status: { allocatable: { cpu: "2" } } });
  const other = pod(
    { phase: "Running" },
    { nodeName: "node1", containers: [{ name: "x", image: "x", resources: { requests: { cpu: "1900m" } } }] },
    "other",
  );
  const found = look([stuck, node, other])[0];
  expect(code.split("|")).toContain(found?.code);
  expect(found?.cause).toMatch(cause);
  expect(found?.evidence).toContain("node1: free 100m of 2 cpu");
  expect(found?.final).toBe(15);
  // An autoscaler is on its way.
  const grows = event(stuck, "TriggeredScaleUp", "pod triggered scale-up: [{pool 1->2 (max: 5)}]", { type: "Normal" });
  expect(look([stuck, node, other, grows])[0]?.final).toBe(undefined);
});

test("of the labels that a pod wants, the one that no node has is to be set", () => {
  const message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
  const stuck = pod(
    { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] },
    { nodeSelector: { "kubernetes.io/os": "linux", training: "allowed" } },
  );
  const node = object("v1", "Node", "node1", { spec: {}, status: {} }, { labels: { "kubernetes.io/os": "linux" } });
  expect(first([stuck, node])).toMatchObject({
    code: "unschedulable-labels",
    cause: expect.stringContaining("it wants kubernetes.io/os=linux, training=allowed") as string,
    mend: expect.stringContaining("kubectl label node <name> training=allowed") as string,
  });
});

test("a crash has its last lines, and is final only when it has come back in vain", () => {
  const terminated = { exitCode: 1, reason: "Error" };
  const crashed = (restartCount: number) =>
    pod(
      container(
        { waiting: { reason: "CrashLoopBackOff", message: "back-off 10s" } },
        { restartCount, lastState: { terminated } },
      ),
    );
  const logs = { "digits-5f6c8-x2/server": ["starting", "", "cannot open model.onnx"] };
  expect(look([crashed(1)], logs)).toEqual([
    {
      code: "crash",
      cause: "digits-5f6c8-x2/server ended with exit code 1, 1 time so far",
      evidence: ["starting", "cannot open model.onnx"],
      mend: "Mend what its last lines name; `slipway logs --previous` shows all of them.",
      object: { apiVersion: "v1", kind: "Pod", name: "digits-5f6c8-x2", namespace: "ns" },
    },
  ]);
  expect(look([crashed(2)], logs)[0]?.final).toBe(0);
});

test.each([
  [
    { exitCode: 3, reason: "Error" },
    "digits-5f6c8-x2/server ended with exit code 3 (data)",
    "Its last lines say what it met and what to do about it.",
  ],
  [
    { exitCode: 139, reason: "Error" },
    "digits-5f6c8-x2/server was ended by SIGSEGV (exit code 139)",
    "Mend what its last lines name; `slipway logs --previous` shows all of them.",
  ],
  [
    { exitCode: 137, reason: "OOMKilled" },
    "digits-5f6c8-x2/server was killed for using more memory than its limit of 200Mi",
    "Raise deploy.resources.memory (or deploy.train.resources.memory), or need less: a smaller batch, a smaller model.",
  ],
])("ends have their meaning: %o", (terminated, cause, mend) => {
  expect(first([pod(container({ terminated }))])).toMatchObject({ cause, mend });
});

test("another architecture is known by what the kernel says", () => {
  const terminated = { exitCode: 255, reason: "Error" };
  const found = first([pod(container({ terminated }), { nodeName: "node2" })], {
    "digits-5f6c8-x2/server": ["exec /usr/bin/node: exec format error"],
  });
  expect(found).toMatchObject({
    code: "wrong-architecture",
    final: 0,
    cause: "the image of digits-5f6c8-x2/server is for another architecture than its node node2",
  });
});

test("a container that is ready again is no finding", () => {
  const lastState = { terminated: { exitCode: 1, reason: "Error" } };
  expect(look([pod(container({ running: {} }, { ready: true, restartCount: 3, lastState }))])).toEqual([]);
});

test("a probe that failed a while ago is no finding", () => {
  const slow = pod(container({ running: {} }));
  const failed = (time: string) =>
    event(slow, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", { lastTimestamp: time });
  expect(look([slow, failed("2026-01-01T00:09:50Z")])[0]).toMatchObject({ code: "readiness-probe-failing" });
  expect(look([slow, failed("2026-01-01T00:01:00Z")])).toEqual([]);
});

test("several pods with the same trouble are one finding", () => {
  const broken = ["digits-1", "digits-2", "digits-3"].map((name) =>
    pod(container({ waiting: { reason: "InvalidImageName", message: "couldn't parse image" } }), {}, name),
  );
  expect(look(broken).map(({ cause }) => cause)).toEqual([
    "registry.example/digits:1 is no valid name of an image (and 2 more like it)",
  ]);
});

test("an evicted pod and a node that went quiet", () => {
  const evicted = pod(
    { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory. " },
    { nodeName: "node1" },
  );
  const node = object("v1", "Node", "node1", {
    spec: {},
    status: {
      conditions: [
        {
          type: "Ready",
          status: "Unknown",
          reason: "NodeStatusUnknown",
          message: "Kubelet stopped posting node status.",
        },
      ],
    },
  });
  expect(look([evicted, node]).map(({ code, cause }) => [code, cause])).toEqual([
    ["evicted", "digits-5f6c8-x2 was evicted from node1: The node was low on resource: memory."],
    ["node-not-ready", "node node1 is not ready (NodeStatusUnknown), and pods of ours are on it"],
  ]);
});

const replicaSet = (message: string) =>
  object("apps/v1", "ReplicaSet", "digits-5f6c8", {
    spec: { replicas: 1 },
    status: { replicas: 0, conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message }] },
  });
test.each([
  [
    'pods "digits-5f6c8-x2" is forbidden: exceeded quota: team, requested: limits.memory=200Mi, used: limits.memory=900Mi, limited: limits.memory=1Gi',
    "quota-exceeded",
    "the namespace's ResourceQuota team is used up: asked for limits.memory=200Mi; used limits.memory=900Mi; allowed limits.memory=1Gi",
  ],
  [
    'pods "x" is forbidden: failed quota: team: must specify limits.cpu for: server',
    "quota-needs-resources",
    "the namespace's ResourceQuota wants every pod to say what it needs: limits.cpu for: server",
  ],
  [
    'pods "x" is forbidden: violates PodSecurity "restricted:latest": seccompProfile (pod or container "server" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    "pod-security",
    'the namespace enforces Pod Security restricted:latest, and the pod does not keep it: seccompProfile (pod or container "server" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [
    'pods "x" is forbidden: minimum memory usage per Container is 500Mi, but request is 200Mi',
    "limit-range",
    "the namespace's LimitRange does not allow what the pod asks for: minimum memory usage per Container is 500Mi, but request is 200Mi",
  ],
  [
    'admission webhook "policy.example" denied the request: no latest tags',
    "pod-not-made",
    "ReplicaSet digits-5f6c8 cannot make its pods",
  ],
])("pods that are not admitted: %s", (message, code, cause) => {
  expect(first([replicaSet(message)])).toMatchObject({ code, cause });
});

test("a claim that waits for its first pod is in order", () => {
  const claim = object("v1", "PersistentVolumeClaim", "data", {
    spec: { resources: { requests: { storage: "1Gi" } } },
    status: { phase: "Pending" },
  });
  const waits = event(claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding", {
    type: "Normal",
  });
  expect(look([claim, waits])).toEqual([]);
  const user = pod({}, { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }] });
  const missing = event(claim, "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found');
  expect(first([claim, user, missing])).toMatchObject({
    code: "claim-class-missing",
    cause: "claim data (1Gi) names the StorageClass fast, which there is not",
  });
});

test("a route that its Gateway refuses is told with what to do about it", () => {
  const conditions = [
    { type: "Accepted", status: "False", reason: "NotAllowedByListeners", message: "no listener allows it" },
  ];
  const route = object("gateway.networking.k8s.io/v1", "HTTPRoute", "digits", {
    spec: { parentRefs: [{ name: "web" }] },
    status: { parents: [{ parentRef: { name: "web" }, conditions }] },
  });
  expect(first([route])).toEqual({
    code: "route-refused",
    cause: "Gateway web refuses HTTPRoute digits: NotAllowedByListeners",
    mend: "Its listeners do not allow routes from this namespace: set allowedRoutes.namespaces at the Gateway.",
    final: 20,
  });
});

test("an Ingress without a class where none is the default one", () => {
  const ingress = object("networking.k8s.io/v1", "Ingress", "digits", { spec: { rules: [] } });
  const plain = object("networking.k8s.io/v1", "IngressClass", "traefik");
  const fallback = object(
    "networking.k8s.io/v1",
    "IngressClass",
    "traefik",
    {},
    { annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } },
  );
  expect(first([ingress, plain])).toMatchObject({
    code: "ingress-without-class",
    mend: 'Name one: expose: { ingress: { class: "traefik" } }.',
  });
  expect(first([ingress, fallback])).toMatchObject({ code: "ingress-without-address", final: undefined });
  const served = { ...ingress, status: { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } } };
  expect(look([served, fallback])).toEqual([]);
});

test("nothing that a cluster says makes it fail", () => {
  assert(
    property(
      string(),
      constantFrom("ImagePullBackOff", "CreateContainerConfigError", "CrashLoopBackOff"),
      (message, reason) => {
        const stuck = waiting(reason, message);
        const unscheduled = pod({
          conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
        });
        for (const { cause, mend } of look([stuck, unscheduled, replicaSet(message), event(stuck, "Failed", message)]))
          expect([cause.length > 0, mend.length > 0]).toEqual([true, true]);
      },
    ),
  );
});

test.each([
  ["250m", 0.25],
  ["2", 2],
  ["1e3", 1000],
  ["200Mi", 209_715_200],
  ["1.5Gi", 1_610_612_736],
  ["5G", 5e9],
  ["", 0],
  ["many", 0],
])("the quantity %s is %d", (text, value) => expect(readQuantity(text)).toBe(value));

test("quantities are shown as people write them", () => {
  expect([
    formatQuantity(0.25, "cpu"),
    formatQuantity(2, "cpu"),
    formatQuantity(1_610_612_736, "memory"),
    formatQuantity(3, "nvidia.com/gpu"),
  ]).toEqual(["250m", "2", "1.5Gi", "3"]);
});

test("a Job's own count of tries decides, not a restart", () => {
  const terminated = { exitCode: 137, reason: "OOMKilled" };
  const crashed = pod(
    container({ waiting: { reason: "CrashLoopBackOff" } }, { restartCount: 3, lastState: { terminated } }),
  );
  const owned = {
    ...crashed,
    metadata: { ...crashed.metadata, ownerReferences: [{ kind: "Job", name: "train", uid: "j", controller: true }] },
  };
  expect([look([crashed])[0]?.final, look([owned])[0]?.final]).toEqual([0, undefined]);
});
