/** @file Takes the cluster down and leaves nothing: processes, mounts, namespaces, cgroups, links, routes, files. Built programs stay in the cache. */
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { killCgroups, killNow, removeCgroups } from "./cgroups.ts";
import { command, sleep, succeeds } from "./command.ts";
import { withLock } from "./lock.ts";
import { removeNetwork } from "./network.ts";
import { listParts } from "./parts.ts";
import { stopProcess } from "./process.ts";
import { bridge, cacheFolder, clusterFolder, nodeFolder, nodes } from "./settings.ts";
import { lockPath } from "./up.ts";

/** False where there was none. */
export async function down(): Promise<boolean> {
  const folder = clusterFolder();
  // A folder that someone removed by hand leaves the network: its names are ours alone.
  if (!existsSync(folder) && !(await succeeds("ip", "link", "show", bridge))) return false;
  await withLock(lockPath(), () => takeDown(folder));
  return true;
}

async function takeDown(folder: string): Promise<void> {
  rmSync(join(folder, "whole"), { force: true });
  const parts = listParts(folder);
  const leftovers = listLeftovers(folder);
  // Those first that would start anew what is stopped after them.
  const isFirst = (part: string) => part.startsWith("kubelet-") || part.startsWith("local-path");
  const isLast = (part: string) => part.startsWith("containerd-") || part === "etcd";
  await stopAll(folder, parts.filter(isFirst), 2000);
  await Promise.all(nodes.map(killCgroups));
  await stopAll(
    folder,
    parts.filter((part) => !isFirst(part) && !isLast(part)),
    500,
  );
  await stopAll(folder, parts.filter(isLast), 3000);
  await killStrays(folder);
  await unmountBelow(folder);
  for (const node of nodes) await removeCgroups(node);
  await removeLeftovers(leftovers);
  await removeNetwork(folder);
  rmSync(folder, { recursive: true, force: true });
}

function stopAll(folder: string, parts: readonly string[], patience: number): Promise<unknown> {
  return Promise.all(parts.map((part) => stopProcess(folder, part, patience)));
}

/**
 * What no record tells of: a pod's process that outlives containerd, a part whose record was lost. All were started in the cluster's folder
 * and are containerd's or of the cache's programs; nobody's shell or editor is both.
 */
export async function killStrays(folder: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const strays = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isStray(pid, folder));
    if (strays.length === 0) return;
    for (const pid of strays) killNow(Number(pid));
    await sleep(25);
  }
}

function isStray(pid: string, folder: string): boolean {
  try {
    const where = readlinkSync(`/proc/${pid}/cwd`);
    const program = readlinkSync(`/proc/${pid}/exe`);
    const isInside = where === folder || where.startsWith(`${folder}/`) || where === `${folder} (deleted)`;
    return isInside && (program.startsWith(`${cacheFolder()}/bin-`) || /\/containerd(-shim-runc-v2)?$/.test(program));
  } catch {
    return false; // It ended between two looks, or is the kernel's.
  }
}

/** Inner ones first. */
export async function unmountBelow(folder: string): Promise<void> {
  const lines = readFileSync("/proc/mounts", "utf8").split("\n");
  const targets = lines.map((line) => line.split(" ")[1] ?? "").filter((target) => target.startsWith(`${folder}/`));
  for (const target of targets.toReversed()) await succeeds("umount", "--lazy", target);
}

interface Leftovers {
  namespaces: string[];
  sockets: string[];
}

/** What containerd put outside the folder, as its notes of every container (an OCI bundle) tell: names of network namespaces, sockets of shims. */
function listLeftovers(folder: string): Leftovers {
  const found: Leftovers = { namespaces: [], sockets: [] };
  for (const node of nodes) {
    const bundles = join(nodeFolder(folder, node), "containerd/state/io.containerd.runtime.v2.task/k8s.io");
    for (const id of existsSync(bundles) ? readdirSync(bundles) : []) {
      const read = (file: string) => {
        const path = join(bundles, id, file);
        return existsSync(path) ? readFileSync(path, "utf8") : "";
      };
      const namespace = /\/run\/netns\/(cni-[0-9a-f-]+)/.exec(read("config.json"))?.[1];
      if (namespace !== undefined) found.namespaces.push(namespace);
      const socket = /^unix:\/\/(\/run\/containerd\/s\/[0-9a-f]+)/.exec(read("address"))?.[1];
      if (socket !== undefined) found.sockets.push(socket);
    }
  }
  return found;
}

async function removeLeftovers({ namespaces, sockets }: Leftovers): Promise<void> {
  for (const name of new Set(namespaces))
    if (existsSync(`/run/netns/${name}`)) await command("ip", ["netns", "delete", name]);
  for (const socket of new Set(sockets)) rmSync(socket, { force: true });
}
