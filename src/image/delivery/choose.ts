/** @file Which way an image takes to a cluster: a decision on what is known, which asks nothing itself. */
import type { Digest } from "../../base/digest.ts";
import { isLoopback, parsePrefix } from "../../oci/reference.ts";
import { deliveryUnknown } from "../errors.ts";
import { importedName } from "../imported-name.ts";
import { readHosting, type Hosting } from "./hosting.ts";
import { isHere } from "./nodes.ts";
import type { Delivery, DeliveryFacts, ImportDelivery, NamedRegistry, RegistryDelivery } from "./types.ts";

/**
 * The first that is known: `--registry` or `--import`, the project's `deploy.registry` or `deploy.import`, the cluster's `local-registry-hosting`, then import
 * into nodes that we know how to reach. Throws `deliveryUnknown`, `hostingInvalid`, and `referenceInvalid` for a registry's name.
 */
export async function chooseDelivery(facts: DeliveryFacts): Promise<Delivery> {
  const { option, optionImport, project, projectImport } = facts;
  const data = facts.hosting === "forbidden" ? undefined : facts.hosting;
  if (option === undefined && optionImport !== undefined) return toImport(optionImport, "--import");
  if (option === undefined && projectImport !== undefined) return toImport(projectImport, "deploy.import");
  const named: [NamedRegistry, string] | undefined =
    option !== undefined ? [option, "--registry"] : project !== undefined ? [project, "deploy.registry"] : undefined;
  if (named !== undefined) {
    // Whoever names a registry needs no ConfigMap: a broken one is no hindrance, a good one adds the other names.
    const hosting = await readHosting(data).catch(() => undefined);
    return toNamed(...named, hosting);
  }
  const hosting = await readHosting(data);
  if (hosting?.host !== undefined) return toHosted({ ...hosting, host: hosting.host });
  const known = findKnown(facts);
  if (known !== undefined) return known;
  throw deliveryUnknown({ looked: listLooked(facts, hosting) });
}

/** What a pod writes for an image that was delivered so, and its `imagePullPolicy`. */
export function referTo(
  delivery: Delivery,
  project: string,
  digest: Digest,
): { reference: string; pull: "IfNotPresent" | "Never" } {
  return delivery.kind === "registry"
    ? { reference: `${delivery.pull}/${project}@${digest}`, pull: "IfNotPresent" }
    : { reference: importedName(project, digest), pull: "Never" };
}

function toNamed(named: NamedRegistry, why: string, hosting: Hosting | undefined): RegistryDelivery {
  const { push, ...own } = typeof named === "string" ? { push: named } : named;
  const { registry, path } = parsePrefix(push);
  const below = (host: string): string => (path === "" ? host : `${host}/${path}`);
  const local = isLoopback(registry);
  // The cluster's own registry, named by hand: the cluster knows what it is called from within.
  const hosted = hosting?.host !== undefined && parsePrefix(hosting.host).registry === registry ? hosting : undefined;
  const insideOf = (): string | undefined => {
    if (hosted?.cluster !== undefined) return below(hosted.cluster);
    // A pod's localhost is the pod.
    return local ? undefined : clean(push);
  };
  return {
    kind: "registry",
    push: clean(push),
    pull: "pull" in own && own.pull !== undefined ? clean(own.pull) : below(hosted?.runtime ?? registry),
    inside: "inside" in own && own.inside !== undefined ? clean(own.inside) : insideOf(),
    insecure: local || hosted?.insecure === true,
    why,
  };
}

function toImport(to: string | readonly string[], why: string): ImportDelivery {
  return { kind: "import", to: [to].flat(), why };
}

function toHosted({ host, runtime, cluster, insecure }: Hosting & { host: string }): RegistryDelivery {
  const why = "the cluster's local-registry-hosting";
  return { kind: "registry", push: host, pull: runtime ?? host, inside: cluster, insecure, why };
}

/** Clusters by what their nodes say, since contexts are renamed; then by the names that their makers give to contexts. */
function findKnown({ context, nodes, here }: DeliveryFacts): ImportDelivery | undefined {
  const by = toImport;
  const runtimes = new Set(nodes.map(({ runtime }) => runtime.replace(/:.*$/, "")));
  const [runtime] = runtimes;
  // Before kind, which Docker Desktop makes its nodes with, and hides.
  if (context === "docker-desktop") return by("docker", "the context docker-desktop");
  if (context === "rancher-desktop")
    return by(runtime === "docker" ? "docker" : "nerdctl", "the context rancher-desktop");
  const kind = firstOf(nodes, ({ provider }) => /^kind:\/\/[^/]+\/([^/]+)\//.exec(provider)?.[1]);
  if (kind !== undefined) return by(`kind:${kind}`, "its nodes were made by kind");
  const minikube = firstOf(nodes, ({ labels }) => labels["minikube.k8s.io/name"]);
  if (minikube !== undefined) return by(`minikube:${minikube}`, "its nodes were made by minikube");
  const k3d = firstOf(nodes, ({ name }) => /^k3d-(.+)-(?:server|agent)-\d+$/.exec(name)?.[1]);
  if (k3d !== undefined) return by(`k3d:${k3d}`, "its nodes were made by k3d");
  const [, maker, name] = /^(kind|k3d)-(.+)$/.exec(context) ?? [];
  if (maker !== undefined) return by(`${maker}:${name}`, `the context ${context}`);
  if (context === "minikube") return by("minikube", "the context minikube");
  // Where one node is elsewhere, its pods would lack the image.
  if (nodes.length === 0 || runtimes.size > 1 || !nodes.every((node) => isHere(node, here))) return undefined;
  const onlyHere = `its ${nodes.length === 1 ? "node is" : "nodes are"} this machine`;
  if (nodes.every(({ provider }) => provider.startsWith("k3s://"))) return by("k3s", `${onlyHere}, with k3s`);
  if (runtime === "containerd" && here.sockets.length === 1) return by(`containerd:${here.sockets[0]}`, onlyHere);
  if (runtime === "docker") return by("docker", onlyHere);
  // They share their storage, where both are root's.
  if (runtime === "cri-o") return by("podman", onlyHere);
  return undefined;
}

function firstOf<T>(list: readonly T[], pick: (one: T) => string | undefined): string | undefined {
  for (const one of list) {
    const found = pick(one);
    if (found !== undefined && found !== "") return found;
  }
  return undefined;
}

function listLooked({ context, nodes, hosting: data, here }: DeliveryFacts, hosting: Hosting | undefined): string[] {
  const runtimes = [...new Set(nodes.map(({ runtime }) => runtime))].join(", ");
  const elsewhere = nodes.filter((node) => !isHere(node, here)).map(({ name }) => name);
  const hosted =
    data === undefined
      ? "kube-public/local-registry-hosting is not there"
      : data === "forbidden"
        ? "kube-public/local-registry-hosting may not be read with these credentials"
        : hosting === undefined
          ? "kube-public/local-registry-hosting has no localRegistryHosting.v1"
          : "kube-public/local-registry-hosting names no host to push to";
  const [one] = here.sockets;
  return [
    "neither --registry nor --import is given",
    "neither deploy.registry nor deploy.import is in the project file",
    hosted,
    `the context ${context} is none of kind, minikube, k3d, Docker Desktop or Rancher Desktop`,
    nodes.length === 0
      ? "it shows no nodes to these credentials"
      : elsewhere.length > 0
        ? `${elsewhere.slice(0, 3).join(", ")}${elsewhere.length > 3 ? ", …" : ""} (${runtimes}) ${elsewhere.length === 1 ? "is" : "are"} not this machine`
        : `its nodes (${runtimes}) are this machine, where ${one === undefined ? "no socket of containerd is" : `${here.sockets.length} sockets of containerd are: ${here.sockets.join(", ")}`}`,
  ];
}

function clean(prefix: string): string {
  return prefix.replace(/\/+$/, "");
}
