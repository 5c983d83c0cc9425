import { describe, expect, test } from "vitest";
import type { DeployDefinition } from "../project/deploy.ts";
import { releases } from "./_fixtures.ts";
import { filesTooLarge } from "./errors.ts";
import { toServerObjects } from "./server.ts";
import type { KubeObject, ServerRelease } from "./types.ts";

const digits = releases["digits"]!;
const make = (deploy: DeployDefinition, more: Partial<ServerRelease> = {}) =>
  toServerObjects({ ...digits, ownsNamespace: false, deploy, ...more });
const list = (objects: readonly KubeObject[]) => objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
const find = (objects: readonly KubeObject[], kind: string) =>
  objects.find((object) => object.kind === kind) as unknown as Made;

/** The paths that these tests look at. */
interface Made {
  metadata: { annotations: Record<string, string> };
  data: Record<string, string>;
  spec: {
    replicas?: number;
    type: string;
    ports: object[];
    ingress: { from?: object[]; ports: object[] }[];
    egress: { to?: object[]; ports?: { port: number }[] }[];
    template: {
      metadata: { annotations: Record<string, string> };
      spec: {
        terminationGracePeriodSeconds: number;
        volumes: object[];
        containers: {
          ports: { containerPort: number }[];
          env: { name: string; value?: string; valueFrom?: object }[];
          volumeMounts: { name: string; mountPath: string; subPath?: string }[];
          resources: object;
        }[];
      };
    };
  };
}
const container = (objects: readonly KubeObject[]) => find(objects, "Deployment").spec.template.spec.containers[0]!;
const environment = (objects: readonly KubeObject[]) =>
  Object.fromEntries(container(objects).env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));

test("the least is an account, a network policy, a Service and a Deployment", () => {
  expect(list(make({}))).toEqual([
    "ServiceAccount/digits",
    "NetworkPolicy/digits",
    "Service/digits",
    "Deployment/digits",
  ]);
});

test("a variable comes from a Secret; from one that may be missing, if the project says so", () => {
  const login = { secret: "login", key: "token" };
  const made = environment(
    make({ env: { A: login, B: { ...login, optional: true }, C: { ...login, optional: false } } }),
  );
  const reference = { name: "login", key: "token" };
  expect([made["A"], made["B"], made["C"]]).toEqual([
    { secretKeyRef: reference },
    { secretKeyRef: { ...reference, optional: true } },
    { secretKeyRef: reference },
  ]);
});

test("what others refer to comes first", () => {
  const full = make(
    {
      scale: { min: 2, max: 4, cpu: 80 },
      expose: ["ingress", { ingress: { path: "/b" } }, { gateway: { name: "g" } }],
      env: { A: "1" },
      files: { "/etc/a": { content: "a" } },
    },
    { ownsNamespace: true },
  );
  expect(list(full)).toEqual([
    "Namespace/digits",
    "ServiceAccount/digits",
    "ConfigMap/digits-env",
    "ConfigMap/digits-files",
    "NetworkPolicy/digits",
    "Service/digits",
    "Deployment/digits",
    "HorizontalPodAutoscaler/digits",
    "PodDisruptionBudget/digits",
    "Ingress/digits",
    "Ingress/digits-2",
    "HTTPRoute/digits",
  ]);
});

describe("replicas", () => {
  test("are the project's, one where it says nothing, none where it says so", () => {
    expect(
      [{}, { replicas: 3 }, { replicas: 0 }].map((deploy) => find(make(deploy), "Deployment").spec.replicas),
    ).toEqual([1, 3, 0]);
  });
  test("are nobody's but the autoscaler's where there is one", () => {
    expect(find(make({ replicas: 2, scale: { min: 1, max: 2, cpu: 50 } }), "Deployment").spec).not.toHaveProperty(
      "replicas",
    );
  });
});

describe("services", () => {
  test("entries for one name are one Service with all ports, of the most open type", () => {
    const { spec } = find(
      make({ expose: ["clusterIP", "loadBalancer", { service: "nodePort", port: 80, nodePort: 30_080 }] }),
      "Service",
    );
    expect(spec.type).toBe("LoadBalancer");
    expect(spec.ports).toMatchObject([
      { name: "http", port: 5000, targetPort: "http" },
      { name: "http-80", port: 80, nodePort: 30_080 },
    ]);
  });
  test("another name is a Service beside the project's own", () => {
    expect(
      list(make({ expose: { service: "nodePort", name: "page" } })).filter((name) => name.startsWith("Service/")),
    ).toEqual(["Service/digits", "Service/page"]);
  });
});

describe("who may come in", () => {
  const from = (deploy: DeployDefinition, more: Partial<ServerRelease> = {}) =>
    find(make(deploy, more), "NetworkPolicy").spec.ingress[0]?.from;
  const own = { podSelector: { matchLabels: {} } };
  const office = { ipBlock: { cidr: "192.0.2.0/24", except: ["192.0.2.1/32"] } };
  const rule = { from: [{ cidr: "192.0.2.0/24", except: ["192.0.2.1/32"] }] };

  test("the namespace; with an ingress its usual controllers, or those that were found", () => {
    expect(from({})).toEqual([own]);
    expect(from({ expose: "ingress" })).toEqual([
      own,
      {
        namespaceSelector: {
          matchExpressions: [expect.objectContaining({ values: expect.arrayContaining(["traefik"]) })],
        },
      },
    ]);
    expect(from({ expose: "ingress" }, { ingressFrom: [{ cidr: "10.89.0.1/32" }] })).toEqual([
      own,
      { ipBlock: { cidr: "10.89.0.1/32" } },
    ]);
    expect(from({ expose: { gateway: { name: "g", namespace: "edge" } } })).toEqual([
      own,
      {
        namespaceSelector: {
          matchExpressions: [expect.objectContaining({ values: expect.arrayContaining(["edge"]) })],
        },
      },
    ]);
  });
  test("everybody behind a NodePort or a LoadBalancer, unless the project says who", () => {
    expect(from({ expose: "nodePort" })).toBeUndefined();
    expect(from({ expose: "loadBalancer", network: rule })).toEqual([own, office]);
    expect(from({ network: rule })).toEqual([own, office]);
  });
  test("only on the port that is served", () => {
    const { ingress } = find(make({ env: { PORT: "8080" } }), "NetworkPolicy").spec;
    expect(ingress[0]?.ports).toEqual([{ protocol: "TCP", port: 8080 }]);
  });
  test("where the network is open, there is no policy", () => {
    expect(list(make({ network: "open" })).filter((name) => name.startsWith("NetworkPolicy"))).toEqual([]);
  });
});

describe("what pods may reach", () => {
  const egress = (deploy: DeployDefinition, prefix?: string, insecure = false) =>
    find(
      make({ model: { delivery: "registry" }, ...deploy }, prefix === undefined ? {} : { store: { prefix, insecure } }),
      "NetworkPolicy",
    ).spec.egress;

  test("names, and nothing else, with the model in the image", () => {
    expect(egress({ model: {} })).toEqual([{ ports: expect.arrayContaining([{ protocol: "UDP", port: 53 }]) }]);
  });
  test.each<[string, boolean, object]>([
    [
      "10.89.0.1:5001/models",
      true,
      { to: [{ ipBlock: { cidr: "10.89.0.1/32" } }], ports: [{ protocol: "TCP", port: 5001 }] },
    ],
    [
      "[fd00::1]:5000/models",
      true,
      { to: [{ ipBlock: { cidr: "fd00::1/128" } }], ports: [{ protocol: "TCP", port: 5000 }] },
    ],
    ["registry.example.com/team", false, { ports: [{ protocol: "TCP", port: 443 }] }],
    ["registry.example.com/team", true, { ports: [{ protocol: "TCP", port: 80 }] }],
    [
      "registry.infra.svc.cluster.local:80/models",
      true,
      {
        to: [
          {
            namespaceSelector: {
              matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: ["infra"] }],
            },
          },
        ],
      },
    ],
  ])("the registry %s (plain HTTP: %s)", (prefix, insecure, rule) => {
    expect(egress({}, prefix, insecure)[1]).toEqual(rule);
  });
  test("what the project names, or everything", () => {
    expect(egress({ network: { to: [{ pods: { app: "redis" } }] } })[1]).toEqual({
      to: [{ podSelector: { matchLabels: { app: "redis" } } }],
    });
    expect(egress({ network: { to: "everywhere" } })).toEqual([{}]);
  });
});

describe("the pod", () => {
  test("listens where PORT says, and the project's own settings go before ours", () => {
    const objects = make({ env: { PORT: "7000", SLIPWAY_DRAIN_DELAY_MS: "20000", KEY: { secret: "s", key: "k" } } });
    expect(container(objects).ports).toMatchObject([{ containerPort: 7000 }]);
    expect(environment(objects)).toEqual({
      HOST: "0.0.0.0",
      SLIPWAY_DRAIN_DEADLINE_MS: "25000",
      SLIPWAY_LOG: "info",
      KEY: { secretKeyRef: { name: "s", key: "k" } },
    });
    expect(find(objects, "ConfigMap").data).toEqual({ PORT: "7000", SLIPWAY_DRAIN_DELAY_MS: "20000" });
  });

  test("listens on 5000 where any free port would do, and may listen below 1024", () => {
    expect(container(make({}, { port: 0 })).ports).toMatchObject([{ containerPort: 5000 }]);
    const context = (port: number) => JSON.stringify(find(make({}, { port }), "Deployment").spec.template.spec);
    expect(context(80)).toContain("net.ipv4.ip_unprivileged_port_start");
    expect(context(1024)).not.toContain("sysctls");
  });

  test("gets longer to end than its drain takes", () => {
    const grace = (env: Record<string, string>) =>
      find(make({ env }), "Deployment").spec.template.spec.terminationGracePeriodSeconds;
    expect(grace({})).toBe(35);
    expect(grace({ SLIPWAY_DRAIN_DELAY_MS: "20000", SLIPWAY_DRAIN_DEADLINE_MS: "60000" })).toBe(85);
  });

  test("has files of the same name in different folders", () => {
    const objects = make(
      {
        files: {
          "/a/labels.txt": { from: "labels.txt" },
          "/b/labels.txt": { content: "b" },
          "/c/..odd name": { content: "c" },
          "/d/key": { secret: "s", key: "tls.key" },
        },
      },
      { files: { "/a/labels.txt": "a" } },
    );
    const { data } = find(objects, "ConfigMap");
    expect(Object.values(data).toSorted()).toEqual(["a", "b", "c"]);
    expect(Object.keys(data).filter((key) => !/^(?!\.\.)[-\w.]+$/.test(key))).toEqual([]);
    const mounts = container(objects).volumeMounts.filter(({ subPath }) => subPath !== undefined);
    expect(mounts.map(({ mountPath, subPath = "" }) => [mountPath, data[subPath] ?? subPath])).toEqual([
      ["/a/labels.txt", "a"],
      ["/b/labels.txt", "b"],
      ["/c/..odd name", "c"],
      ["/d/key", "tls.key"],
    ]);
  });

  test("is replaced when its settings change, and only then", () => {
    const template = (deploy: DeployDefinition, more: Partial<ServerRelease> = {}) =>
      JSON.stringify(find(make(deploy, more), "Deployment").spec.template);
    const file = (content: string) => ({ files: { "/etc/a": { content } }, env: { A: "1", B: "2" } });
    expect(template(file("b"))).not.toBe(template(file("a")));
    expect(template({ ...file("a"), env: { B: "2", A: "1" } })).toBe(template(file("a")));
    expect(template({ ...file("a"), replicas: 5 })).toBe(template(file("a")));
  });

  test("is replaced for a new model in the image, not for one that it follows", () => {
    const other = { model: { name: "digits", digest: `sha256:${"9".repeat(64)}` } };
    const template = (deploy: DeployDefinition, more: Partial<ServerRelease>) =>
      JSON.stringify(
        find(make(deploy, { store: { prefix: "r.example.com/m", insecure: false }, ...more }), "Deployment").spec
          .template,
      );
    expect(template({}, other)).not.toBe(template({}, {}));
    expect(template({ model: { delivery: "registry" } }, other)).toBe(
      template({ model: { delivery: "registry" } }, {}),
    );
  });

  test("asks for a GPU in both places, and is throttled only on wish", () => {
    expect(container(make({ resources: { cpu: "1", memory: "1Gi", gpu: 2 } })).resources).toEqual({
      requests: { cpu: "1", memory: "1Gi", "nvidia.com/gpu": "2" },
      limits: { memory: "1Gi", "nvidia.com/gpu": "2" },
    });
    expect(container(make({ resources: { limits: { cpu: "2", memory: "1Gi" } } })).resources).toEqual({
      requests: { cpu: "100m", memory: "256Mi" },
      limits: { cpu: "2", memory: "1Gi" },
    });
  });
});

test("files that no ConfigMap holds are refused by name and size", () => {
  expect(() => make({ files: { "/etc/big.csv": { content: "x".repeat(1_100_000) } } })).toThrow(
    expect.objectContaining({
      code: filesTooLarge.code,
      message: expect.stringContaining("1100007 bytes (most of them in big.csv), wanted at most 1048576"),
    }),
  );
});
