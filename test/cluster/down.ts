/** @file Takes the cluster down and leaves nothing: processes, mounts, namespaces, cgroups, links, routes, files. Built programs stay in the cache. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeCgroups, killCgroups } from "./cgroups.ts";
import { command, sleep, succeeds } from "./command.ts";
import { withLock } from "./lock.ts";
import { removeNetwork } from "./network.ts";
import { listParts } from "./parts.ts";
import { stopProcess } from "./process.ts";
import { clusterFolder, containerdSocket, nodeFolder, nodes } from "./settings.ts";
import { lockPath } from "./up.ts";

/** False where there was none. */
export async function down(): Promise<boolean> {
  const folder = clusterFolder();
  if (!existsSync(folder)) return false;
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
  await killShims(folder);
  await stopAll(folder, parts.filter(isLast), 3000);
  await unmountAll(folder);
  for (const node of nodes) await removeCgroups(node);
  await removeLeftovers(leftovers);
  await removeNetwork(folder);
  rmSync(folder, { recursive: true, force: true });
}

function stopAll(folder: string, parts: readonly string[], patience: number): Promise<unknown> {
  return Promise.all(parts.map((part) => stopProcess(folder, part, patience)));
}

/** Each pod has a process that outlives containerd; it names our socket. */
async function killShims(folder: string): Promise<void> {
  const sockets = nodes.map((node) => containerdSocket(folder, node));
  for (let tries = 0; tries < 100; tries++) {
    const shims = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isShim(pid, sockets));
    if (shims.length === 0) return;
    for (const pid of shims) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    await sleep(25);
  }
}

function isShim(pid: string, sockets: readonly string[]): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const socket = words[words.indexOf("-address") + 1] ?? "";
    return (words[0] ?? "").includes("containerd-shim") && sockets.includes(socket);
  } catch {
    return false; // It ended between two looks.
  }
}

/** Inner ones first. */
async function unmountAll(folder: string): Promise<void> {
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
