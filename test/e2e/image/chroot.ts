/** @file An image run the hard way: its layers unpacked into a folder, and its own entrypoint started in there, as a container runtime would, but with the system's own tools. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import type { Image } from "../../../src/image/types.ts";

/** Why images cannot be run here, or undefined where they can. */
export function whyNot(): string | undefined {
  if (process.platform !== "linux") return "only Linux has chroot and namespaces";
  if (process.getuid?.() !== 0) return "only root may chroot";
  const { status, error } = spawnSync("unshare", ["--mount", "--pid", "--fork", "true"]);
  if (error !== undefined) return `unshare cannot be started (${error.message})`;
  return status === 0 ? undefined : "this machine lets nobody make namespaces";
}

/** Applies the layers in their order, as `tar` reads them. */
export async function unpack(image: Image, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { name, content } of image.layers) {
    const archive = `${folder}.${name}`;
    const pieces: Uint8Array[] = [];
    for await (const piece of content.read(0, content.size)) pieces.push(piece);
    await writeFile(archive, Buffer.concat(pieces));
    execFileSync("tar", ["-xpf", archive, "-C", folder]);
  }
}

export interface Running {
  port: number;
  /** All of stderr so far. */
  log: () => string;
  /** SIGTERM to the server itself; gives its exit code. */
  terminate: () => Promise<number | null>;
}

/** Starts the entrypoint as the image's user, on a read-only root with its own processes, `/proc` and `/tmp`. */
export async function start(image: Image, root: string, environment: Record<string, string>): Promise<Running> {
  const { User = "", Entrypoint = [], Env = [], WorkingDir = "/" } = image.config.config;
  const script = [
    `mount --bind "$0" "$0"`,
    `mount -t proc proc "$0/proc"`,
    `mount -t tmpfs tmpfs "$0/tmp"`,
    `mount -o remount,ro,bind "$0"`,
    `exec env -i "$@"`,
  ].join(" && ");
  const own = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const enter = [...Env, ...own, "/usr/sbin/chroot", `--userspec=${User}`, root, ...Entrypoint];
  const child = spawn("unshare", ["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, root, ...enter], {
    cwd: WorkingDir === "/" ? "/" : root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const port = await waitForPort(child, exited, () => log);
  return {
    port,
    log: () => log,
    terminate: async () => {
      process.kill(await readChild(child.pid ?? 0), "SIGTERM");
      return exited;
    },
  };
}

async function waitForPort(child: ChildProcess, exited: Promise<number | null>, log: () => string): Promise<number> {
  const announced = new Promise<number>((resolve) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const { ready, port } = JSON.parse(line) as { ready: boolean; port: number };
      if (ready) resolve(port);
    });
  });
  const first = await Promise.race([announced, exited.then((code) => `it ended with ${code}: ${log()}`)]);
  if (typeof first === "string") throw new Error(first);
  return first;
}

/** The process inside the namespaces, by its number outside of them. */
async function readChild(pid: number): Promise<number> {
  return Number((await readFile(join("/proc", String(pid), "task", String(pid), "children"), "utf8")).trim());
}
