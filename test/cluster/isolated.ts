/**
 * @file A cluster's whole life, in namespaces of its own beside the one that other tests use: up from nothing, up after the machine
 * "restarted", down with nothing left. Run by isolated.test.ts with `unshare --net --mount`; SLIPWAY_CLUSTER_FOLDER names its folder.
 */
import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { killCgroups, removeCgroups } from "./cgroups.ts";
import { command } from "./command.ts";
import { down, killStrays, unmountBelow } from "./down.ts";
import { compareMachine, lookAtMachine } from "./leftovers.ts";
import { removeNetwork } from "./network.ts";
import { listParts } from "./parts.ts";
import { stopProcess } from "./process.ts";
import { cacheFolder, clusterFolder, nodes } from "./settings.ts";
import { adminKubeconfig, up } from "./up.ts";

const folder = clusterFolder();
const say = (line: string) => process.stdout.write(`${line}\n`);
const kubectl = (...args: string[]) =>
  command(join(folder, "bin", "kubectl"), ["--kubeconfig", adminKubeconfig(folder), ...args]);

// Copies of another cluster's mounts, which would come and go with its pods, and of what a fresh /run would hide.
for (const other of [join(cacheFolder(), "cluster"), "/run"]) await unmountBelow(other);
await command("mount", ["--make-rshared", "/"]);
// Names of network namespaces and sockets of containerd's lie there.
await command("mount", ["--types", "tmpfs", "tmpfs", "/run"]);
await command("ip", ["link", "set", "lo", "up"]);
// As on a machine with Docker.
await command("iptables", ["--policy", "FORWARD", "DROP"]);
const before = await lookAtMachine();
try {
  assert.deepEqual(await up(say), { changed: true });
  await kubectl("create", "configmap", "kept", "--from-literal=a=b");
  const [pod] = await listPods();
  await pretendRestart();
  say("restarted");
  assert.deepEqual(await up(say), { changed: true });
  assert.equal(await kubectl("get", "configmap/kept", "--output=jsonpath={.data.a}"), "b");
  // The same pods, in new sandboxes with the network wired again.
  assert.ok((await listPods()).includes(pod ?? ""));
  assert.deepEqual(await up(say), { changed: false });
} finally {
  await down();
}
assert.equal(await down(), false);
assert.deepEqual(compareMachine(before, await lookAtMachine()), []);
say("nothing left");

async function listPods(): Promise<string[]> {
  const pods = await kubectl("get", "pods", "--namespace=kube-system", "--selector=k8s-app=kube-dns", "--output=name");
  return pods.trim().split("\n");
}

/** All that a restart of the machine takes: processes, mounts, namespaces, links, cgroups, and the boot's id. Files stay. */
async function pretendRestart(): Promise<void> {
  for (const part of listParts(folder)) await stopProcess(folder, part, 0);
  await Promise.all(nodes.map(killCgroups));
  await killStrays(folder);
  await unmountBelow(folder);
  await unmountBelow("/run/netns");
  for (const file of readdirSync("/run/netns").filter((name) => name.startsWith("cni-")))
    rmSync(join("/run/netns", file));
  for (const node of nodes) await removeCgroups(node);
  await removeNetwork(folder);
  rmSync("/run/containerd", { recursive: true, force: true });
  writeFileSync(join(folder, "boot"), "an earlier one");
}
