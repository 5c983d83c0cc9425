/** @file `deploy` of a project file: what the API server would refuse at the end of the way is told at its beginning. */
import { isIP } from "node:net";
import * as z from "zod";
import { isObject } from "../base/json.ts";
import { nanosPerUnit, parseQuantity } from "../base/quantity.ts";
import { parsePrefix } from "../oci/reference.ts";
import { findCronFault } from "./cron.ts";
import type { DeployDefinition, ModelDelivery, NetworkRules, Resources, TrainingPlacement } from "./deploy.ts";
import { fields, form, oneOf, refused, text, wanted, whole } from "./schema.ts";

/** Every key of a definition, so that none is forgotten here. */
type Shape<T> = Record<keyof T, z.ZodType>;

const oneMebibyte = 1_048_576n * nanosPerUnit;

const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const namespace = form(label, "lower-case letters, digits and - (RFC 1123), at most 63");
const serviceName = form(
  /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
  "a lower-case letter, then letters, digits and -, at most 63",
);
const objectName = form(
  /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
  "the name of an object: lower-case letters, digits, - and .",
  253,
);
const host = form(
  /^(?:\*\.)?[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/,
  "a lower-case host name without a port, such as digits.example.com",
  253,
);
const path = form(/^\/\S*$/, "a path that begins with /");

const labels = z.record(
  z
    .string()
    .regex(
      /^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?$/,
      wanted("a label such as training or example.com/training"),
    ),
  form(/^(?:[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)?$/, "a label's value: letters, digits, - _ and ., at most 63"),
  wanted(`labels such as { training: "allowed" }`),
);

const quantity = form(/^\d+(?:\.\d+)?(?:m|k|Ki|M|Mi|G|Gi|T|Ti)?$/, `a Kubernetes quantity such as "250m" or "200Mi"`);
const memory = quantity.refine(
  // What is no quantity has its fault already.
  (value) => (parseQuantity(value) ?? oneMebibyte) >= oneMebibyte,
  wanted(`memory of at least 1Mi, such as "200Mi" (a bare number is bytes, and m a thousandth of one)`),
);
const cpu = quantity.refine((value) => {
  const nanos = parseQuantity(value) ?? nanosPerUnit;
  return nanos > 0n && nanos <= 1000n * nanosPerUnit;
}, wanted(`CPUs such as "250m" (a quarter of one) or "2"`));

const resources = fields(
  {
    cpu: cpu.optional(),
    memory: memory.optional(),
    gpu: whole(0, 64).optional(),
    limits: fields({ cpu: cpu.optional(), memory: memory.optional() }, `{ memory: "400Mi" }`).optional(),
  } satisfies Shape<Resources>,
  `{ cpu: "250m", memory: "200Mi" }`,
);

const secretForm = `{ secret: "login", key: "password" }`;
const secretKey = fields({ secret: objectName, key: text }, secretForm);
const secretVariable = fields(
  { secret: objectName, key: text, optional: z.boolean(wanted("true or false")).optional() },
  secretForm,
);

/** What the pods' objects say themselves; a project that said it too would break its own pods. */
const ownVariables = new Set(
  [
    ["SLIPWAY_APP", "SLIPWAY_STORE", "SLIPWAY_MODEL", "SLIPWAY_CACHE", "SLIPWAY_REGISTRY", "SLIPWAY_REGISTRY_INSECURE"],
    [
      "SLIPWAY_FOLLOW",
      "SLIPWAY_FOLLOW_SECONDS",
      "SLIPWAY_ANNOUNCE",
      "SLIPWAY_WITH_PARENT",
      "SLIPWAY_WORKSPACE",
      "SLIPWAY_JOB_PHASE",
    ],
  ].flat(),
);

const environment = z.record(
  z
    .string()
    .regex(/^[A-Za-z_][\w.-]*$/, wanted("the name of a variable: letters, digits and _"))
    .refine((name) => !ownVariables.has(name), wanted("a variable that Slipway does not set itself")),
  oneOf((value) =>
    isObject(value) ? secretVariable : z.string(wanted(`a text, or { secret: "login", key: "password" }`)),
  ),
  wanted(`variables such as { LOG: "info" }`),
);

const filePath = z
  .string()
  .regex(/^\/[^\0]*[^/\0]$/, wanted("the absolute path of a file in the pod, such as /etc/digits/labels.txt"))
  .refine(
    (at) =>
      !at
        .split("/")
        .slice(1)
        .some((part) => part === "" || part === "." || part === ".."),
    wanted("a path without empty parts, . and .."),
  )
  .refine(
    (at) => !/^\/(?:app|cache|dev|proc|registry|sys|tmp|volume)(?:\/|$)/.test(at),
    wanted("a path outside /app, /cache, /dev, /proc, /registry, /sys, /tmp and /volume"),
  );

const files = z.record(
  filePath,
  oneOf((value) => {
    if (!isObject(value))
      return refused(`{ from: "labels.txt" }, { content: "…" } or { secret: "tls", key: "tls.key" }`);
    if ("secret" in value) return secretKey;
    return "content" in value
      ? fields({ content: z.string(wanted("a text")) }, `{ content: "…" }`)
      : fields({ from: text }, `{ from: "labels.txt" }`);
  }),
  wanted(`files such as { "/etc/digits/labels.txt": { from: "labels.txt" } }`),
);

const exposeText = `"clusterIP", "nodePort", "loadBalancer" or "ingress"`;
const exposeForms = `${exposeText}, or { service }, { ingress } or { gateway }`;
const serviceEntry = fields(
  {
    service: z.literal(["clusterIP", "nodePort", "loadBalancer"], wanted(`"clusterIP", "nodePort" or "loadBalancer"`)),
    name: serviceName.optional(),
    port: whole(1, 65_535).optional(),
    nodePort: whole(30_000, 32_767).optional(),
  },
  `{ service: "nodePort", nodePort: 30042 }`,
);
const ingressEntry = fields(
  {
    ingress: fields(
      { host: host.optional(), path: path.optional(), class: objectName.optional(), tlsSecret: objectName.optional() },
      `{ host: "digits.example.com" }`,
    ),
  },
  `{ ingress: { host: "digits.example.com" } }`,
);
const gatewayEntry = fields(
  {
    gateway: fields(
      {
        name: objectName,
        namespace: namespace.optional(),
        section: objectName.optional(),
        host: host.optional(),
        path: path.optional(),
      },
      `{ name: "edge", namespace: "gateways" }`,
    ),
  },
  `{ gateway: { name: "edge", namespace: "gateways" } }`,
);
const exposeEntry = oneOf((value) => {
  if (!isObject(value)) return z.literal(["clusterIP", "nodePort", "loadBalancer", "ingress"], wanted(exposeText));
  if ("ingress" in value) return ingressEntry;
  if ("gateway" in value) return gatewayEntry;
  return "service" in value ? serviceEntry : refused(exposeForms);
});
const expose = oneOf((value) =>
  Array.isArray(value) ? z.array(exposeEntry).min(1, wanted(`at least one of ${exposeForms}`)) : exposeEntry,
);

const cidr = z.string(wanted(`a range such as "10.0.0.0/8"`)).refine(isCidr, wanted(`a range such as "10.0.0.0/8"`));
const peerText = "{ namespace: labels }, { pods: labels } or { cidr }";
const peer = oneOf((value) => {
  if (!isObject(value)) return refused(peerText);
  if ("cidr" in value) return fields({ cidr, except: z.array(cidr).optional() }, `{ cidr: "10.0.0.0/8" }`);
  if ("namespace" in value) return fields({ namespace: labels }, `{ namespace: { team: "web" } }`);
  return "pods" in value ? fields({ pods: labels }, `{ pods: { app: "web" } }`) : refused(peerText);
});
const peers = z.array(peer, wanted(`a list such as [{ cidr: "10.0.0.0/8" }]`));
const network = oneOf((value) =>
  isObject(value)
    ? fields(
        {
          from: peers.optional(),
          to: oneOf((to) =>
            Array.isArray(to) ? peers : z.literal("everywhere", wanted(`a list of ${peerText}, or "everywhere"`)),
          ).optional(),
        } satisfies Shape<NetworkRules>,
        `{ from: [{ cidr: "10.0.0.0/8" }] }`,
      )
    : z.literal("open", wanted(`{ from: […], to: […] }, or "open"`)),
);

const prefix = z
  .string(wanted("a registry and the beginning of names in it, such as localhost:5001"))
  .superRefine((value, context) => {
    const fault = findPrefixFault(value);
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
  });
const registry = oneOf((value) =>
  isObject(value)
    ? fields(
        { push: prefix, pull: prefix.optional(), inside: prefix.optional() },
        `{ push: "localhost:5001", inside: "10.0.0.1:5001" }`,
      )
    : prefix,
);

const place = form(
  /^[a-z][a-z0-9]*(?::\S+)?$/,
  `how images come into nodes, such as "kind:dev" or "containerd:/run/k3s/containerd/containerd.sock"`,
  1024,
);
const places = oneOf((value) =>
  Array.isArray(value) ? z.array(place).min(1, wanted(`at least one, such as "kind:dev"`)) : place,
);

const model = fields(
  {
    delivery: z.literal(["image", "registry", "volume"], wanted(`"image", "registry" or "volume"`)).optional(),
    alias: form(/^[A-Za-z_][\w.-]{0,127}$/, `an alias such as "champion"`).optional(),
    every: whole(1, 86_400).optional(),
  } satisfies Shape<ModelDelivery>,
  `{ delivery: "registry" }`,
);

const schedule = z.string(wanted('a schedule such as "*/5 * * * *"')).superRefine((value, context) => {
  const fault = findCronFault(value);
  if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
});

const train = fields(
  {
    on: z.literal(["cluster", "here"], wanted(`"cluster" or "here"`)).optional(),
    nodes: labels.optional(),
    resources: resources.optional(),
    data: z.literal(["artifact", "volume", "fetch"], wanted(`"artifact", "volume" or "fetch"`)).optional(),
    volume: fields(
      {
        claim: objectName.optional(),
        size: memory.optional(),
        class: objectName.optional(),
        access: z.literal(["ReadWriteOnce", "ReadWriteMany"], wanted(`"ReadWriteOnce" or "ReadWriteMany"`)).optional(),
      } satisfies Shape<NonNullable<TrainingPlacement["volume"]>>,
      `{ size: "1Gi" }`,
    ).optional(),
    retries: whole(0, 100).optional(),
    deadline: whole(1, 31_536_000).optional(),
    keep: whole(0, 31_536_000).optional(),
    schedule: schedule.optional(),
    timeZone: z
      .string(wanted(`a time zone such as "Europe/Vienna"`))
      .refine(isTimeZone, wanted(`a time zone such as "Europe/Vienna"`))
      .optional(),
    image: text.optional(),
    env: environment.optional(),
    registrySecret: objectName.optional(),
  } satisfies Shape<TrainingPlacement>,
  `{ nodes: { training: "allowed" } }`,
);

export const deploySchema = fields(
  {
    target: text.optional(),
    namespace: namespace.optional(),
    registry: registry.optional(),
    import: places.optional(),
    replicas: whole(0, 10_000).optional(),
    scale: fields(
      { min: whole(1, 10_000), max: whole(1, 10_000), cpu: whole(1, 1000) },
      "{ min: 1, max: 4, cpu: 70 }",
    ).optional(),
    expose: expose.optional(),
    resources: resources.optional(),
    nodes: labels.optional(),
    env: environment.optional(),
    files: files.optional(),
    pullSecrets: z.array(objectName, wanted(`names of Secrets such as ["registry-login"]`)).optional(),
    network: network.optional(),
    model: model.optional(),
    train: train.optional(),
  } satisfies Shape<DeployDefinition>,
  "settings such as { replicas: 2 }",
);

function isCidr(value: string): boolean {
  const [address = "", bits = "", ...more] = value.split("/");
  const version = isIP(address);
  return more.length === 0 && version > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}

/** By name: the offsets that JavaScript takes (`+01:00`) are none in Kubernetes. */
function isTimeZone(value: string): boolean {
  if (!/^[A-Za-z][\w+/-]*$/.test(value) || value.toLowerCase() === "local") return false;
  try {
    Intl.DateTimeFormat("en", { timeZone: value });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function findPrefixFault(value: string): string | undefined {
  try {
    parsePrefix(value);
    return undefined;
  } catch (error) {
    // What the registry's own words are for a wrong reference fits here as well.
    return `a registry and the beginning of names in it, such as localhost:5001 or registry.example.com/team (${(error as Error).message})`;
  }
}
