/** @file What a cluster's nodes and this machine tell of how images come to them. */
import { existsSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { knownSockets } from "../destinations/containerd.ts";
import { nodesUnfit } from "../errors.ts";
import { platforms, printPlatform } from "../platform.ts";
import type { Platform } from "../types.ts";
import type { HereFacts, NodeFacts } from "./types.ts";

/** A Node of the Kubernetes API, as far as it is read here. */
interface NodeObject {
  metadata?: { name?: string; labels?: Readonly<Record<string, string>> };
  spec?: { providerID?: string };
  status?: {
    nodeInfo?: { containerRuntimeVersion?: string; operatingSystem?: string; architecture?: string };
    addresses?: readonly { address?: string }[];
  };
}

export function toNodeFacts(node: object): NodeFacts {
  const { metadata = {}, spec = {}, status = {} } = node as NodeObject;
  const { nodeInfo = {}, addresses = [] } = status;
  return {
    name: metadata.name ?? "?",
    os: nodeInfo.operatingSystem ?? "linux",
    architecture: nodeInfo.architecture ?? "amd64",
    runtime: nodeInfo.containerRuntimeVersion ?? "",
    provider: spec.providerID ?? "",
    labels: metadata.labels ?? {},
    addresses: addresses.flatMap(({ address }) => address ?? []),
  };
}

/** Which platforms an image must have to run on these nodes; others are left alone. Throws `nodesUnfit` where none could run it. */
export function listPlatforms(nodes: readonly NodeFacts[]): Platform[] {
  const seen = new Set(nodes.map(printPlatform));
  const fit = platforms.filter((platform) => seen.has(printPlatform(platform)));
  if (fit.length === 0) throw nodesUnfit({ seen: [...seen], wanted: platforms.map(printPlatform) });
  return fit;
}

export function readHere(): HereFacts {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  return { hostname: hostname(), addresses, sockets: knownSockets.filter((path) => existsSync(path)) };
}

/** Whether a node is this machine: by its addresses, else by its name, which others may have too. Loopback tells nothing: every machine has it. */
export function isHere({ name, addresses }: NodeFacts, here: HereFacts): boolean {
  const own = here.addresses.filter((address) => !/^(?:127\.|::1$|fe80:)/.test(address));
  if (addresses.length > 0) return addresses.some((address) => own.includes(address));
  const short = (host: string): string => host.toLowerCase().replace(/\..*$/, "");
  return short(name) === short(here.hostname);
}
