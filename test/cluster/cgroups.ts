/** @file One cgroup for each node's pods, under every controller, so that two kubelets on one machine do not share theirs. Version 1 and version 2. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "./command.ts";
import type { NodeSettings } from "./settings.ts";

const root = "/sys/fs/cgroup";

export function ensureCgroups({ cgroup }: NodeSettings): void {
  for (const controller of controllers()) mkdirSync(join(controller, cgroup), { recursive: true });
  if (isVersion2()) {
    for (const each of readFileSync(join(root, "cgroup.controllers"), "utf8").trim().split(" "))
      for (const folder of [root, join(root, cgroup)])
        writeFileSync(join(folder, "cgroup.subtree_control"), `+${each}`);
    return;
  }
  // Empty at first in version 1, and a process cannot enter then.
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const path = join(root, "cpuset", cgroup, file);
    if (existsSync(path)) writeFileSync(path, readFileSync(join(root, "cpuset", file)));
  }
}

/** Kills everything that runs in the node's pods, and returns when it is gone. */
export async function killCgroups({ cgroup }: NodeSettings): Promise<void> {
  for (let tries = 0; ; tries++) {
    const pids = controllers().flatMap((controller) => listFolders(join(controller, cgroup)).flatMap(readPids));
    if (pids.length === 0) return;
    if (tries > 200) throw new Error(`Processes of ${cgroup} do not end: ${[...new Set(pids)].join(" ")}`);
    for (const pid of new Set(pids)) killNow(pid);
    await sleep(25);
  }
}

export async function removeCgroups(node: NodeSettings): Promise<void> {
  await killCgroups(node);
  for (const controller of controllers())
    for (const folder of listFolders(join(controller, node.cgroup)).toReversed()) await removeFolder(folder);
}

/** Every hierarchy: each controller's in version 1 (beside it there may be an unused one of version 2), or the one of version 2. */
function controllers(): string[] {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  return mounts.flatMap(([, target = "", type = ""]) =>
    type.startsWith("cgroup") && (target === root || target.startsWith(`${root}/`)) ? [target] : [],
  );
}

function isVersion2(): boolean {
  return existsSync(join(root, "cgroup.controllers"));
}

/** The folder and all below it, outer ones first. */
function listFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...inner.flatMap(({ name }) => listFolders(join(folder, name)))];
}

function readPids(folder: string): number[] {
  try {
    const text = readFileSync(join(folder, "cgroup.procs"), "utf8").trim();
    return text === "" ? [] : text.split("\n").map(Number);
  } catch {
    return []; // Removed between two looks.
  }
}

export function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The kernel keeps a group busy for a moment after its last process. */
async function removeFolder(folder: string): Promise<void> {
  for (let tries = 0; ; tries++)
    try {
      return rmdirSync(folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || tries > 100) throw error;
      await sleep(25);
    }
}
