/** @file A containerd of the test's own: root, state and socket in a folder that goes with it. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { installDebian } from "../../debian.ts";
import { canRun } from "./crane.ts";

/** Why there can be none here, or undefined where there can. Installs Debian's where it is missing. */
export function whyNoContainerd(): string | undefined {
  if (process.platform !== "linux") return "containerd needs Linux";
  if (process.getuid?.() !== 0) return "only root may run containerd";
  for (const [program, name] of [
    ["containerd", "containerd"],
    ["runc", "runc"],
  ] as const)
    if (!canRun(program, "--version") && !installDebian(name))
      return `there is no ${program}, nor apt-get to install it with`;
  return undefined;
}

export interface Containerd {
  socket: string;
  /** Runs `ctr` in the namespace k8s.io; gives what it prints. */
  ctr: (...words: string[]) => string;
}

/** Ends with the test. */
export async function startContainerd(): Promise<Containerd> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-containerd-"));
  const socket = join(folder, "containerd.sock");
  const log: string[] = [];
  const config = [
    "version = 2",
    `root = ${JSON.stringify(join(folder, "root"))}`,
    `state = ${JSON.stringify(join(folder, "state"))}`,
    // No kubelet speaks with it, and its plugin for them wants a network of pods.
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    "[grpc]",
    `address = ${JSON.stringify(socket)}`,
  ];
  await mkdir(join(folder, "root"));
  await writeFile(join(folder, "config.toml"), config.join("\n"));
  const child = spawn("containerd", ["-c", join(folder, "config.toml")], { stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.on("data", (chunk: Buffer) => log.push(chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  onTestFinished(async () => {
    child.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  const answers = () => spawnSync("ctr", ["-a", socket, "version"], { stdio: "ignore" }).status === 0;
  while (!answers()) {
    if (child.exitCode !== null)
      throw new Error(`containerd ended with ${child.exitCode}:\n${log.join("").slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    socket,
    ctr: (...words) =>
      execFileSync("ctr", ["-a", socket, "-n", "k8s.io", ...words], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      }),
  };
}
