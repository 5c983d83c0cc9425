import { describe, expect, test } from "vitest";
import type { DeployDefinition } from "./deploy.ts";
import { findFaults } from "./validate.ts";

const find = (deploy: unknown) =>
  findFaults({
    name: "digits",
    data: { kind: "imageFolder", path: "data", size: [28, 28], channels: 1, otherSizes: "refuse" },
    train: { kind: "sequential" },
    deploy,
  });

const everything: Omit<Required<DeployDefinition>, "import"> = {
  target: "kind-work",
  namespace: "models",
  registry: { push: "localhost:5001/team", pull: "localhost:5001/team", inside: "10.89.0.1:5001/team" },
  replicas: 2,
  scale: { min: 1, max: 4, cpu: 70 },
  expose: [
    "clusterIP",
    "ingress",
    { service: "nodePort", name: "digits-page", port: 80, nodePort: 32_042 },
    { ingress: { host: "*.example.com", path: "/digits", class: "traefik", tlsSecret: "digits-tls" } },
    { gateway: { name: "edge", namespace: "gateways", section: "web", host: "digits.example.com", path: "/" } },
  ],
  resources: { cpu: "0.5", memory: "1.5Gi", gpu: 1, limits: { cpu: "500m", memory: "2Gi" } },
  nodes: { "example.com/pool": "serving", fast: "" },
  env: { PORT: "7000", LOG: "", "a.b-c": "x", SECRET_PASSWORD: { secret: "login", key: "password", optional: true } },
  files: {
    "/etc/labels.txt": { from: "labels.txt" },
    "/etc/empty": { content: "" },
    "/etc/tls/key": { secret: "tls", key: "tls.key" },
  },
  pullSecrets: ["registry-login"],
  network: {
    from: [
      { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] },
      { cidr: "fd00::/8" },
      { pods: {} },
      { namespace: { team: "web" } },
    ],
    to: "everywhere",
  },
  model: { delivery: "registry", alias: "champion", every: 5 },
  train: {
    on: "cluster",
    nodes: { training: "allowed" },
    resources: { cpu: "2", memory: "4Gi" },
    data: "fetch",
    volume: { claim: "weights", size: "10Gi", class: "fast", access: "ReadWriteMany" },
    retries: 0,
    deadline: 600,
    keep: 0,
    schedule: "*/5 * * * *",
    timeZone: "Europe/Vienna",
    image: "registry.example.com/torch:2",
    env: { EPOCHS: "3" },
    registrySecret: "registry-login",
  },
};

test("everything that can be said is taken", () => {
  expect(find(everything)).toEqual([]);
  expect(find({ registry: "localhost:5001", network: "open", expose: "loadBalancer" })).toEqual([]);
  expect(find({ import: "kind:work" })).toEqual([]);
  expect(find({ import: ["containerd", "containerd:/run/k3s/containerd/containerd.sock"] })).toEqual([]);
});

describe("each fault names its place, the value seen and the value wanted", () => {
  test.each<[unknown, string, string]>([
    [{ replica: 1 }, "deploy.replica", "unknown key, did you mean replicas?"],
    [
      { namespace: "My_Models" },
      "deploy.namespace",
      `is "My_Models", wanted lower-case letters, digits and - (RFC 1123), at most 63`,
    ],
    [
      { registry: "https://localhost:5001" },
      "deploy.registry",
      expect.stringMatching(/^is "https:\/\/localhost:5001", wanted a registry .*it begins with https:\/\//) as string,
    ],
    [
      { registry: { pull: "localhost:5001" } },
      "deploy.registry.push",
      "is missing, wanted a registry and the beginning of names in it, such as localhost:5001",
    ],
    [
      { registry: "localhost:5001", import: "kind:work" },
      "deploy.import",
      `is "kind:work", wanted either deploy.registry or deploy.import: images come to the nodes one way`,
    ],
    [
      { import: ["kind:work", "a file.tar"] },
      "deploy.import[1]",
      `is "a file.tar", wanted how images come into nodes, such as "kind:dev" or "containerd:/run/k3s/containerd/containerd.sock"`,
    ],
    [{ import: [] }, "deploy.import", `is [], wanted at least one, such as "kind:dev"`],
    [{ scale: { min: 4, max: 2, cpu: 70 } }, "deploy.scale.min", "is 4, wanted at most scale.max (2)"],
    [{ scale: { min: 0, max: 2, cpu: 70 } }, "deploy.scale.min", "is 0, wanted a whole number from 1 to 10000"],
    [{ expose: "world" }, "deploy.expose", `is "world", wanted "clusterIP", "nodePort", "loadBalancer" or "ingress"`],
    [
      { expose: ["ingress", "world"] },
      "deploy.expose[1]",
      `is "world", wanted "clusterIP", "nodePort", "loadBalancer" or "ingress"`,
    ],
    [
      { expose: { host: "a.example.com" } },
      "deploy.expose",
      `is {"host":"a.example.com"}, wanted "clusterIP", "nodePort", "loadBalancer" or "ingress", or { service }, { ingress } or { gateway }`,
    ],
    [
      { expose: { service: "nodePort", nodePort: 8080 } },
      "deploy.expose.nodePort",
      "is 8080, wanted a whole number from 30000 to 32767",
    ],
    [
      { expose: [{ service: "clusterIP", nodePort: 30_001 }] },
      "deploy.expose[0].nodePort",
      `is 30001, wanted service "nodePort" beside it`,
    ],
    [
      { expose: { ingress: { hosts: "a.example.com" } } },
      "deploy.expose.ingress.hosts",
      "unknown key, did you mean host?",
    ],
    [
      { expose: { ingress: { host: "a.example.com:80" } } },
      "deploy.expose.ingress.host",
      `is "a.example.com:80", wanted a lower-case host name without a port, such as digits.example.com`,
    ],
    [
      { expose: { gateway: {} } },
      "deploy.expose.gateway.name",
      "is missing, wanted the name of an object: lower-case letters, digits, - and .",
    ],
    [
      { resources: { memory: "200m" } },
      "deploy.resources.memory",
      `is "200m", wanted memory of at least 1Mi, such as "200Mi" (a bare number is bytes, and m a thousandth of one)`,
    ],
    [
      { resources: { cpu: "200Mi" } },
      "deploy.resources.cpu",
      `is "200Mi", wanted CPUs such as "250m" (a quarter of one) or "2"`,
    ],
    [{ resources: { cpu: 1 } }, "deploy.resources.cpu", `is 1, wanted a Kubernetes quantity such as "250m" or "200Mi"`],
    [
      { train: { resources: { memory: "1Gi", limits: { memory: "512Mi" } } } },
      "deploy.train.resources.limits.memory",
      `is "512Mi", wanted at least what is asked for (1Gi)`,
    ],
    [{ env: { PORT: 7000 } }, "deploy.env.PORT", `is 7000, wanted a text, or { secret: "login", key: "password" }`],
    [{ env: { PORT: "http" } }, "deploy.env.PORT", `is "http", wanted a port from 1 to 65535`],
    [{ env: { "A B": "1" } }, "deploy.env", `the key is "A B", wanted the name of a variable: letters, digits and _`],
    [
      { env: { SLIPWAY_MODEL: "1" } },
      "deploy.env",
      `the key is "SLIPWAY_MODEL", wanted a variable that Slipway does not set itself`,
    ],
    [{ env: { A: { secret: "s" } } }, "deploy.env.A.key", "is missing, wanted a text"],
    [
      { env: { A: { secret: "s", key: "k", optional: "no" } } },
      "deploy.env.A.optional",
      'is "no", wanted true or false',
    ],
    [
      { files: { "/etc/a": { secret: "s", key: "k", optional: true } } },
      'deploy.files["/etc/a"].optional',
      "unknown key, wanted one of: secret, key",
    ],
    [
      { files: { "labels.txt": { content: "" } } },
      "deploy.files",
      `the key is "labels.txt", wanted the absolute path of a file in the pod, such as /etc/digits/labels.txt`,
    ],
    [
      { files: { "/etc/../app/x": { content: "" } } },
      "deploy.files",
      `the key is "/etc/../app/x", wanted a path without empty parts, . and ..`,
    ],
    [
      { files: { "/app/server.js": { content: "" } } },
      "deploy.files",
      `the key is "/app/server.js", wanted a path outside /app, /cache, /dev, /proc, /registry, /sys, /tmp and /volume`,
    ],
    [{ network: "closed" }, "deploy.network", `is "closed", wanted { from: […], to: […] }, or "open"`],
    [
      { network: { from: [{ cidr: "10.0.0.0" }] } },
      "deploy.network.from[0].cidr",
      `is "10.0.0.0", wanted a range such as "10.0.0.0/8"`,
    ],
    [
      { network: { from: [{ cidr: "fd00::/129" }] } },
      "deploy.network.from[0].cidr",
      `is "fd00::/129", wanted a range such as "10.0.0.0/8"`,
    ],
    [
      { network: { to: [{}] } },
      "deploy.network.to[0]",
      "is {}, wanted { namespace: labels }, { pods: labels } or { cidr }",
    ],
    [
      { model: { delivery: "volume" } },
      "deploy.model.delivery",
      `is "volume", wanted train.volume beside it: there the server looks for models`,
    ],
    [{ train: { data: "volume" } }, "deploy.train.data", `is "volume", wanted train.volume beside it`],
    [
      { train: { timeZone: "+01:00" } },
      "deploy.train.timeZone",
      `is "+01:00", wanted a time zone such as "Europe/Vienna"`,
    ],
    [
      { train: { timeZone: "Europe/Wien" } },
      "deploy.train.timeZone",
      `is "Europe/Wien", wanted a time zone such as "Europe/Vienna"`,
    ],
    [
      { train: { schedule: "@hourly" }, model: { delivery: "registry" } },
      "deploy.train.schedule",
      `is "@hourly", wanted five fields: minute, hour, day of the month, month, day of the week, such as "*/5 * * * *"`,
    ],
    [
      { train: { schedule: "*/5 * * * *" } },
      "deploy.train.schedule",
      `is "*/5 * * * *", wanted model.delivery "registry" or "volume" beside it: a model in the image is not replaced`,
    ],
  ])("%j", (deploy, path, problem) => {
    expect(find(deploy)).toEqual([{ path, problem }]);
  });
});

test("all faults are told at once, also those between settings", () => {
  expect(
    find({
      replicas: -1,
      expose: [{ service: "clusterIP", nodePort: 1 }],
      scale: { min: 3, max: 2, cpu: 0 },
      train: { schedule: "0 0 L * *" },
    }).map(({ path }) => path),
  ).toEqual([
    "deploy.replicas",
    "deploy.scale.cpu",
    "deploy.expose[0].nodePort",
    "deploy.train.schedule",
    "deploy.scale.min",
    "deploy.expose[0].nodePort",
    "deploy.train.schedule",
  ]);
});

test.each([null, 3, "x", [], () => undefined])("%j in the place of any setting is a fault, never a crash", (value) => {
  for (const key of Object.keys(everything)) {
    const faults = find({ [key]: value });
    const isFine = (key === "replicas" || key === "expose" || key === "pullSecrets") && faults.length === 0;
    expect(isFine || faults.every(({ path }) => path.startsWith(`deploy.${key}`))).toBe(true);
  }
});
