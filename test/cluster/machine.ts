/** @file The few settings of this machine that the cluster's parts change, as they were before it: `down` puts them back. */
import { existsSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "./command.ts";

const forwarding = "/proc/sys/net/ipv4/ip_forward";
const namespaces = "/run/netns";
/** felix mounts it where it is not. */
const bpf = "/sys/fs/bpf";

interface Before {
  forwarding: string;
  hadBpf: boolean;
  hadNamespaces: boolean;
}

export function rememberMachine(folder: string): void {
  const path = rememberedPath(folder);
  if (existsSync(path)) return;
  const before: Before = {
    forwarding: readFileSync(forwarding, "utf8"),
    hadBpf: isMounted(bpf),
    hadNamespaces: isMounted(namespaces),
  };
  writeFileSync(path, JSON.stringify(before));
}

export async function restoreMachine(folder: string): Promise<void> {
  const path = rememberedPath(folder);
  if (!existsSync(path)) return;
  const before = JSON.parse(readFileSync(path, "utf8")) as Before;
  writeFileSync(forwarding, before.forwarding);
  if (!before.hadBpf && isMounted(bpf)) await command("umount", [bpf]);
  // Others may have made namespaces since.
  if (before.hadNamespaces || !isMounted(namespaces) || readdirSync(namespaces).length > 0) return;
  await command("umount", [namespaces]);
  rmdirSync(namespaces);
}

function isMounted(target: string): boolean {
  const lines = readFileSync("/proc/mounts", "utf8").split("\n");
  return lines.some((line) => line.split(" ")[1] === target);
}

const rememberedPath = (folder: string) => join(folder, "machine.json");
