/** @file The bridge on this machine, a network namespace for each node, and the routes between them. Nothing else of the machine's network is touched. */
import { existsSync, writeFileSync } from "node:fs";
import { command, succeeds } from "./command.ts";
import { rememberMachine, restoreMachine } from "./machine.ts";
import { bridge, hostAddress, hostRange, loadBalancerRange, nodes, type NodeSettings } from "./settings.ts";

const forwarding = "/proc/sys/net/ipv4/ip_forward";
const forwardingRules = [
  ["-i", bridge, "-j", "ACCEPT"],
  ["-o", bridge, "-j", "ACCEPT"],
];
const ip = (...args: string[]) => command("ip", args);

/** Gives the nodes whose namespace had to be made: whatever ran in an earlier one is cut off. */
export async function ensureNetwork(folder: string): Promise<NodeSettings[]> {
  rememberMachine(folder);
  writeFileSync(forwarding, "1");
  if (!(await succeeds("ip", "link", "show", bridge))) await ip("link", "add", bridge, "type", "bridge");
  await ip("addr", "replace", hostRange, "dev", bridge);
  await ip("link", "set", bridge, "up");
  await allowForwarding();
  const made: NodeSettings[] = [];
  for (const node of nodes) if (await ensureNode(node)) made.push(node);
  for (const node of nodes) await ip("route", "replace", node.podRange, "via", node.address);
  // No speaker is needed: kube-proxy on that node answers for every LoadBalancer address.
  const [first] = nodes as [NodeSettings];
  await ip("route", "replace", loadBalancerRange, "via", first.address);
  return made;
}

async function ensureNode(node: NodeSettings): Promise<boolean> {
  const { namespace, link, address, podRange } = node;
  const inside = (...args: string[]) => ip("-n", namespace, ...args);
  const isThere =
    (await succeeds("ip", "-n", namespace, "link", "show", "eth0")) && (await succeeds("ip", "link", "show", link));
  if (!isThere) {
    await removeNode(node);
    await ip("netns", "add", namespace);
    await ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace);
  }
  await ip("link", "set", link, "master", bridge, "up");
  await inside("addr", "replace", `${address}/24`, "dev", "eth0");
  await inside("link", "set", "eth0", "up");
  await inside("link", "set", "lo", "up");
  await inside("route", "replace", "default", "via", hostAddress);
  for (const other of nodes) if (other !== node) await inside("route", "replace", other.podRange, "via", other.address);
  // Else a packet for an address that no pod has goes to and fro between node and machine.
  await inside("route", "replace", "unreachable", podRange, "metric", "1024");
  await command("nsenter", [`--net=/run/netns/${namespace}`, "sh", "-c", `echo 1 > ${forwarding}`]);
  return !isThere;
}

/** Docker and firewalls drop what is forwarded; packets between nodes are theirs too where bridges are filtered. */
async function allowForwarding(): Promise<void> {
  if (!(await command("iptables", ["-S", "FORWARD"])).startsWith("-P FORWARD DROP")) return;
  for (const rule of forwardingRules)
    if (!(await succeeds("iptables", "-C", "FORWARD", ...rule))) await command("iptables", ["-I", "FORWARD", ...rule]);
}

export async function removeNetwork(folder: string): Promise<void> {
  for (const rule of forwardingRules)
    while (await succeeds("iptables", "-C", "FORWARD", ...rule)) await command("iptables", ["-D", "FORWARD", ...rule]);
  for (const node of nodes) await removeNode(node);
  // With it go its routes.
  if (await succeeds("ip", "link", "show", bridge)) await ip("link", "delete", bridge);
  await restoreMachine(folder);
}

async function removeNode({ namespace, link }: NodeSettings): Promise<void> {
  if (await succeeds("ip", "link", "show", link)) await ip("link", "delete", link);
  if (existsSync(`/run/netns/${namespace}`)) await ip("netns", "delete", namespace);
}
