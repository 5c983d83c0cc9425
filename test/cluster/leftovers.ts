/** @file What a cluster could leave on this machine, as sorted lines, to be compared before and after. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { command } from "./command.ts";
import { clusterFolder, nodes } from "./settings.ts";

export type Snapshot = Readonly<Record<string, readonly string[]>>;

export async function lookAtMachine(): Promise<Snapshot> {
  const lines = async (program: string, ...args: string[]) => {
    const text = await command(program, args);
    return text.split("\n").filter((line) => line !== "");
  };
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
  return {
    links: (await lines("ip", "-brief", "link")).map((line) => line.split(/\s/)[0] ?? ""),
    addresses: (await lines("ip", "-oneline", "addr")).map((line) => line.split(/\s+/).slice(1, 4).join(" ")),
    routes: await lines("ip", "route"),
    namespaces: existsSync("/run/netns") ? readdirSync("/run/netns") : [],
    mounts: mounts.map((line) => line.split(" ").slice(1, 3).join(" ")).toSorted(),
    cgroups: listCgroups("/sys/fs/cgroup", 2),
    rules: await lines("nft", "list", "ruleset"),
    forwarding: [readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim()],
    sockets: existsSync("/run/containerd/s") ? readdirSync("/run/containerd/s") : [],
    processes: listProcesses(),
    files: existsSync(clusterFolder()) ? [clusterFolder()] : [],
  };
}

/** What is there now and was not before, or the other way round: `mounts: + /sys/fs/bpf bpf`. */
export function compareMachine(before: Snapshot, after: Snapshot): string[] {
  return Object.keys(before).flatMap((kind) => {
    const [old = [], now = []] = [before[kind], after[kind]];
    return [
      ...now.filter((line) => !old.includes(line)).map((line) => `${kind}: + ${line}`),
      ...old.filter((line) => !now.includes(line)).map((line) => `${kind}: - ${line}`),
    ];
  });
}

function listCgroups(folder: string, depth: number): string[] {
  if (depth === 0 || !existsSync(folder)) return [];
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return inner.flatMap(({ name }) => [`${folder}/${name}`, ...listCgroups(`${folder}/${name}`, depth - 1)]);
}

/** Those that speak of the cluster's folder, or are a pod's: whatever else goes on here is not the cluster's. */
function listProcesses(): string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      const words = readQuietly(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
      const groups = readQuietly(`/proc/${pid}/cgroup`);
      const inPod = nodes.some(({ cgroup }) => groups.includes(`/${cgroup}/`));
      return inPod || words.includes(clusterFolder()) ? [`${pid} ${words}`] : [];
    });
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // It ended between two looks.
  }
}
