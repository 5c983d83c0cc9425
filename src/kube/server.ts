/** @file All objects of a serving release. */
import { parsePrefix } from "../oci/reference.ts";
import type { DeployDefinition } from "../project/deploy.ts";
import { makeAutoscaler } from "./autoscaler.ts";
import { makeConfigMap } from "./config-map.ts";
import { makeDeployment, servingPort } from "./deployment.ts";
import { makeDisruptionBudget } from "./disruption-budget.ts";
import { pickTexts } from "./environment.ts";
import { type Exposure, isOpenToNodes, readExposure } from "./expose.ts";
import { toFiles } from "./files.ts";
import { makeHttpRoute } from "./http-route.ts";
import { makeIngress } from "./ingress.ts";
import { toSelector } from "./labels.ts";
import { makeNamespace } from "./namespace.ts";
import { type Caller, makeNetworkPolicy, type Policy, usualIngressNamespaces } from "./network-policy.ts";
import { makePersistentVolumeClaim } from "./persistent-volume-claim.ts";
import { placeOf } from "./place.ts";
import { makeService } from "./service.ts";
import { makeServiceAccount } from "./service-account.ts";
import type { KubeObject, ServerRelease } from "./types.ts";
import { nameClaim } from "./volume.ts";

/**
 * The objects of a release, in the order to apply them: what others refer to comes first, and the rules of the network before the pods that
 * they hold for. Secrets are not among them: the project only names those. Throws `filesTooLarge`, `referenceInvalid`.
 */
export function toServerObjects(given: ServerRelease): KubeObject[] {
  // "Any free port" is a word for one machine: a Service must know it.
  const release = { ...given, port: given.port === 0 ? 5000 : given.port };
  const { project, namespace, deploy } = release;
  const place = (suffix?: string) => placeOf(release, "server", suffix);
  const selector = toSelector(project, "server");
  const exposure = readExposure(project, deploy, release.port);
  const files = toFiles(deploy.files ?? {}, release.files, place("files").name);
  const env = pickTexts(deploy.env ?? {});
  const volume = deploy.train?.volume;
  const claim = nameClaim(project, volume ?? {})!;
  const onVolume = release.store !== undefined && "path" in release.store;
  const names = { account: place().name, env: place("env").name, files: place("files").name, claim };
  const [own] = exposure.services;
  const backend = { name: own!.name, port: own!.ports[0]!.port };
  return [
    ...(release.ownsNamespace === true ? [makeNamespace(namespace)] : []),
    makeServiceAccount(place()),
    ...(Object.keys(env).length > 0 ? [makeConfigMap(place("env"), env)] : []),
    ...(Object.keys(files.data).length > 0 ? [makeConfigMap(place("files"), files.data)] : []),
    ...(onVolume && volume?.claim === undefined
      ? [makePersistentVolumeClaim(placeOf(release, undefined, "volume"), volume ?? {})]
      : []),
    ...(deploy.network === "open" ? [] : [makeNetworkPolicy(place(), toPolicy(release, exposure, selector))]),
    ...exposure.services.map((plan) => makeService(place(), plan, selector)),
    makeDeployment(place(), release, names),
    ...(deploy.scale === undefined ? [] : [makeAutoscaler(place(), deploy.scale)]),
    ...(hasSeveralPods(deploy) ? [makeDisruptionBudget(place(), selector)] : []),
    ...exposure.ingresses.map((plan, i) => makeIngress(place(number(i)), plan, backend)),
    ...exposure.gateways.map((plan, i) => makeHttpRoute(place(number(i)), plan, backend)),
  ];
}

function toPolicy(release: ServerRelease, exposure: Exposure, selector: Policy["selector"]): Policy {
  const { from, to } = release.deploy.network === "open" ? {} : (release.deploy.network ?? {});
  const isRouted = exposure.ingresses.length + exposure.gateways.length > 0;
  const gateways = exposure.gateways.flatMap((plan) => (plan.namespace === undefined ? [] : [plan.namespace]));
  const routers: readonly Caller[] = isRouted
    ? (release.ingressFrom ?? [{ namespaces: [...new Set([...usualIngressNamespaces, ...gateways])].toSorted() }])
    : [];
  const isForAll = from === undefined && isOpenToNodes(exposure);
  return {
    selector,
    ingress: {
      port: servingPort(release),
      from: isForAll ? "everybody" : [{ pods: {} }, ...routers, ...(from ?? [])],
    },
    registries:
      release.store !== undefined && "prefix" in release.store
        ? [{ host: parsePrefix(release.store.prefix).registry, insecure: release.store.insecure }]
        : [],
    to,
  };
}

function hasSeveralPods({ replicas = 1, scale }: DeployDefinition): boolean {
  return (scale?.max ?? replicas) > 1;
}

/** The first has the project's name alone. */
function number(index: number): string | undefined {
  return index === 0 ? undefined : String(index + 1);
}
