import { describe, expect, test } from "vitest";
import { referenceInvalid } from "../../oci/errors.ts";
import { deliveryUnknown, hostingInvalid, nodesUnfit } from "../errors.ts";
import { chooseDelivery, referTo } from "./choose.ts";
import { readHosting } from "./hosting.ts";
import { listPlatforms, readHere, toNodeFacts } from "./nodes.ts";
import type { Delivery, DeliveryFacts, NodeFacts } from "./types.ts";

const node = (facts: Partial<NodeFacts> = {}): NodeFacts => ({
  name: "node1",
  os: "linux",
  architecture: "amd64",
  runtime: "containerd://1.7.2",
  provider: "",
  labels: {},
  addresses: ["10.89.0.11"],
  ...facts,
});

const facts = (own: Partial<DeliveryFacts> = {}): DeliveryFacts => ({
  context: "work",
  nodes: [node()],
  here: { hostname: "laptop", addresses: ["127.0.0.1", "192.168.1.7"], sockets: [] },
  ...own,
});

const hosting = (text: string) => ({ "localRegistryHosting.v1": text });
const hosted = hosting(
  'host: "localhost:5001"\nhostFromClusterNetwork: "10.89.0.1:5001"\nhelp: "https://example.test/help"\n',
);
const localNode = node({ addresses: ["192.168.1.7"] });
const localHere = {
  hostname: "laptop",
  addresses: ["127.0.0.1", "192.168.1.7"],
  sockets: ["/run/containerd/containerd.sock"],
};

describe("a registry", () => {
  test.each<[string, Partial<DeliveryFacts>, Partial<Delivery>]>([
    [
      "--registry goes before everything",
      { option: "registry.example.com/team", project: "other.example.com", hosting: hosted, context: "kind-dev" },
      {
        push: "registry.example.com/team",
        pull: "registry.example.com/team",
        inside: "registry.example.com/team",
        insecure: false,
        why: "--registry",
      },
    ],
    [
      "the project's goes before the ConfigMap",
      { project: "registry.example.com/team/", hosting: hosted },
      { push: "registry.example.com/team", pull: "registry.example.com/team", why: "deploy.registry" },
    ],
    [
      "the project may name it three times",
      { project: { push: "localhost:5001/x", pull: "mirror:5000/x", inside: "10.0.0.1:5000/x" } },
      { push: "localhost:5001/x", pull: "mirror:5000/x", inside: "10.0.0.1:5000/x", insecure: true },
    ],
    [
      "loopback is plain HTTP, and another place inside pods",
      { option: "localhost:5001" },
      { push: "localhost:5001", pull: "localhost:5001", inside: undefined, insecure: true },
    ],
    [
      "the cluster's own registry, named by hand, keeps its other names, with the path",
      { option: "localhost:5001/team", hosting: hosted },
      { push: "localhost:5001/team", pull: "localhost:5001/team", inside: "10.89.0.1:5001/team", insecure: true },
    ],
    [
      "a broken ConfigMap is no hindrance where a registry is named",
      { option: "localhost:5001", hosting: hosting("host: [") },
      { push: "localhost:5001", inside: undefined },
    ],
    [
      "the ConfigMap goes before importing",
      { hosting: hosted, context: "kind-dev" },
      {
        push: "localhost:5001",
        pull: "localhost:5001",
        inside: "10.89.0.1:5001",
        insecure: true,
        why: "the cluster's local-registry-hosting",
      },
    ],
    [
      "as k3d writes it",
      {
        hosting: hosting(
          "help: https://k3d.io\nhost: k3d-reg.localhost:5432\nhostFromClusterNetwork: k3d-reg:5000\nhostFromContainerRuntime: k3d-reg:5000\n",
        ),
      },
      { push: "k3d-reg.localhost:5432", pull: "k3d-reg:5000", inside: "k3d-reg:5000", insecure: true },
    ],
    [
      "by the KEP, what is not said inside the cluster is not reachable there",
      { hosting: hosting("host: localhost:5000") },
      { push: "localhost:5000", pull: "localhost:5000", inside: undefined },
    ],
    [
      "a public name is spoken to by TLS, whatever the ConfigMap is for",
      { hosting: hosting("host: registry.example.com") },
      { push: "registry.example.com", insecure: false },
    ],
    [
      "a scheme, which some scripts write, decides",
      { hosting: hosting("host: https://localhost:5000/") },
      { push: "localhost:5000", insecure: false },
    ],
    [
      "names without a dot are containers beside the nodes",
      { hosting: hosting("host: 10.0.0.4:5000\nhostFromContainerRuntime: registry") },
      { push: "10.0.0.4:5000", pull: "registry", insecure: true },
    ],
  ])("%s", async (_, own, wanted) => {
    expect(await chooseDelivery(facts(own))).toMatchObject({ kind: "registry", ...wanted });
  });

  test("that is no registry's name is refused", async () => {
    await expect(chooseDelivery(facts({ option: "models" }))).rejects.toMatchObject({ code: referenceInvalid.code });
  });
});

describe("without a registry", () => {
  test.each<[string, Partial<DeliveryFacts>, string]>([
    [
      "kind, whatever its context is called",
      { nodes: [node({ provider: "kind://docker/dev/dev-worker" })] },
      "kind:dev",
    ],
    ["kind by its context", { context: "kind-my-cluster" }, "kind:my-cluster"],
    ["minikube by its label", { nodes: [node({ labels: { "minikube.k8s.io/name": "dev" } })] }, "minikube:dev"],
    ["minikube by its context", { context: "minikube" }, "minikube"],
    [
      "k3d by its nodes",
      { nodes: [node({ name: "k3d-a-b-server-0", provider: "k3s://k3d-a-b-server-0" })] },
      "k3d:a-b",
    ],
    ["k3d by its context", { context: "k3d-dev" }, "k3d:dev"],
    ["Docker Desktop", { context: "docker-desktop", nodes: [node({ name: "docker-desktop" })] }, "docker"],
    [
      "Docker Desktop, whose kind is not kind's",
      { context: "docker-desktop", nodes: [node({ provider: "kind://docker/desktop/desktop-control-plane" })] },
      "docker",
    ],
    ["Rancher Desktop on containerd", { context: "rancher-desktop" }, "nerdctl"],
    [
      "Rancher Desktop on docker",
      { context: "rancher-desktop", nodes: [node({ runtime: "docker://27.1.1" })] },
      "docker",
    ],
    [
      "this machine's containerd, by its address",
      { nodes: [localNode], here: localHere },
      "containerd:/run/containerd/containerd.sock",
    ],
    [
      "this machine's containerd, by its name",
      { nodes: [node({ name: "Laptop.example.com", addresses: [] })], here: localHere },
      "containerd:/run/containerd/containerd.sock",
    ],
    ["this machine's k3s", { nodes: [node({ addresses: ["192.168.1.7"], provider: "k3s://laptop" })] }, "k3s"],
    ["this machine's docker", { nodes: [node({ addresses: ["192.168.1.7"], runtime: "docker://27.1.1" })] }, "docker"],
    ["this machine's CRI-O", { nodes: [node({ addresses: ["192.168.1.7"], runtime: "cri-o://1.31.0" })] }, "podman"],
    [
      "a ConfigMap that names no host for us",
      { context: "kind-dev", hosting: hosting("hostFromClusterNetwork: registry:5000") },
      "kind:dev",
    ],
    [
      "a ConfigMap of a version to come",
      { context: "kind-dev", hosting: { "localRegistryHosting.v2": "x" } },
      "kind:dev",
    ],
  ])("%s", async (_, own, to) => {
    expect(await chooseDelivery(facts(own))).toMatchObject({ kind: "import", to: [to] });
  });

  const common = [
    "neither --registry nor --import is given",
    "neither deploy.registry nor deploy.import is in the project file",
  ];
  const missing = "kube-public/local-registry-hosting is not there";
  const context = "the context work is none of kind, minikube, k3d, Docker Desktop or Rancher Desktop";

  const sockets = ["containerd:/a.sock", "containerd:/b.sock"];

  test.each<[string, Partial<DeliveryFacts>, Partial<Delivery>]>([
    [
      "by deploy.import, before the cluster's own registry and what is known of it",
      { projectImport: sockets, hosting: hosted, context: "kind-dev" },
      { kind: "import", to: sockets, why: "deploy.import" },
    ],
    [
      "by --import, before the project's registry",
      { optionImport: ["kind:dev"], project: "registry.example.com" },
      { kind: "import", to: ["kind:dev"], why: "--import" },
    ],
    [
      "by --import, before deploy.import",
      { optionImport: ["kind:dev"], projectImport: "minikube" },
      { kind: "import", to: ["kind:dev"], why: "--import" },
    ],
    [
      "--registry goes before deploy.import",
      { option: "registry.example.com", projectImport: "minikube" },
      { kind: "registry", push: "registry.example.com" },
    ],
    [
      "a broken ConfigMap is no hindrance where a way is named",
      { projectImport: "minikube", hosting: hosting("host: [") },
      { kind: "import", to: ["minikube"] },
    ],
  ])("named: %s", async (_, own, wanted) => {
    expect(await chooseDelivery(facts(own))).toMatchObject(wanted);
  });

  test.each<[string, Partial<DeliveryFacts>, string[]]>([
    ["nodes elsewhere", {}, [missing, context, "node1 (containerd://1.7.2) is not this machine"]],
    [
      "one node here, one elsewhere",
      { nodes: [localNode, node({ name: "node2", addresses: [] })], here: localHere },
      [missing, context, "node2 (containerd://1.7.2) is not this machine"],
    ],
    [
      "another machine of this one's name",
      { nodes: [node({ name: "laptop" })], here: localHere },
      [missing, context, "laptop (containerd://1.7.2) is not this machine"],
    ],
    [
      "loopback is nobody's own address",
      { nodes: [node({ addresses: ["127.0.0.1"] })], here: localHere },
      [missing, context, "node1 (containerd://1.7.2) is not this machine"],
    ],
    [
      "many nodes",
      { nodes: ["a", "b", "c", "d"].map((name) => node({ name })) },
      [missing, context, "a, b, c, … (containerd://1.7.2) are not this machine"],
    ],
    ["no nodes, or none that may be seen", { nodes: [] }, [missing, context, "it shows no nodes to these credentials"]],
    [
      "this machine, with no socket",
      { nodes: [localNode] },
      [missing, context, "its nodes (containerd://1.7.2) are this machine, where no socket of containerd is"],
    ],
    [
      "this machine, with two sockets: which is the kubelet's cannot be told",
      { nodes: [localNode], here: { ...localHere, sockets: ["/a.sock", "/b.sock"] } },
      [
        missing,
        context,
        "its nodes (containerd://1.7.2) are this machine, where 2 sockets of containerd are: /a.sock, /b.sock",
      ],
    ],
    [
      "a ConfigMap that may not be read",
      { hosting: "forbidden" },
      [
        "kube-public/local-registry-hosting may not be read with these credentials",
        context,
        "node1 (containerd://1.7.2) is not this machine",
      ],
    ],
    [
      "a ConfigMap without a host",
      { hosting: hosting("help: x") },
      [
        "kube-public/local-registry-hosting names no host to push to",
        context,
        "node1 (containerd://1.7.2) is not this machine",
      ],
    ],
    [
      "a ConfigMap of a version to come",
      { hosting: { "localRegistryHosting.v2": "host: x" } },
      [
        "kube-public/local-registry-hosting has no localRegistryHosting.v1",
        context,
        "node1 (containerd://1.7.2) is not this machine",
      ],
    ],
  ])("what was looked at is told: %s", async (_, own, looked) => {
    await expect(chooseDelivery(facts(own))).rejects.toThrow(deliveryUnknown({ looked: [...common, ...looked] }));
  });
});

describe("the ConfigMap", () => {
  test.each([
    ["host: [1, 2]", "host", "[1,2]", "a text"],
    ["host: 5001", "host", "5001", "a text"],
    ['host: "not a host"', "host", '"not a host"', "a host and its port"],
    ["host: localhost:5001\nhostFromClusterNetwork: a b", "hostFromClusterNetwork", '"a b"', "a host and its port"],
    ["- a", "localRegistryHosting.v1", '["a"]', 'lines like `host: "localhost:5001"`'],
    ["", "localRegistryHosting.v1", "null", 'lines like `host: "localhost:5001"`'],
  ])("%j is refused by its field", async (text, field, seen, wanted) => {
    await expect(chooseDelivery(facts({ hosting: hosting(text) }))).rejects.toThrow(
      hostingInvalid({ field, seen, wanted }),
    );
  });

  test("that is no YAML is refused with the place", async () => {
    await expect(readHosting(hosting("host: ["))).rejects.toMatchObject({ code: hostingInvalid.code });
  });
});

const digest = `sha256:${"1a2b3c4d".repeat(8)}` as const;

test("a pod names the image by its digest, or by a tag of its digest which is never pulled", async () => {
  const registry = await chooseDelivery(facts({ option: "registry.example.com/team" }));
  expect(referTo(registry, "digits", digest)).toEqual({
    reference: `registry.example.com/team/digits@${digest}`,
    pull: "IfNotPresent",
  });
  const imported = await chooseDelivery(facts({ context: "kind-dev" }));
  expect(referTo(imported, "digits", digest)).toEqual({
    reference: "slipway.local/digits:1a2b3c4d1a2b",
    pull: "Never",
  });
});

test("a node's facts are read from the API's object, and what it does not say is empty", () => {
  const live = {
    metadata: { name: "node1", labels: { a: "b" } },
    spec: { providerID: "kind://docker/dev/node1" },
    status: {
      nodeInfo: { containerRuntimeVersion: "containerd://1.7.2", operatingSystem: "linux", architecture: "arm64" },
      addresses: [{ type: "InternalIP", address: "10.0.0.1" }, { type: "Hostname" }],
    },
  };
  expect(toNodeFacts(live)).toEqual(
    node({
      architecture: "arm64",
      provider: "kind://docker/dev/node1",
      labels: { a: "b" },
      addresses: ["10.0.0.1"],
    }),
  );
  expect(toNodeFacts({})).toEqual(node({ name: "?", runtime: "", addresses: [] }));
});

test("an image is made for what the nodes run, and for nothing that no node runs", () => {
  expect(listPlatforms([node(), node(), node({ os: "windows" })])).toEqual([{ os: "linux", architecture: "amd64" }]);
  expect(listPlatforms([node({ architecture: "arm64" }), node()])).toEqual([
    { os: "linux", architecture: "amd64" },
    { os: "linux", architecture: "arm64" },
  ]);
  expect(() => listPlatforms([node({ os: "windows" })])).toThrow(
    nodesUnfit({ seen: ["windows/amd64"], wanted: ["linux/amd64", "linux/arm64"] }),
  );
});

test("this machine knows itself", () => {
  const here = readHere();
  expect(here.hostname).not.toBe("");
  expect(here.addresses).toContain("127.0.0.1");
});
