/** @file Which process a claim is of, exactly enough to tell that it has ended: on Linux only, and only for processes that we can see. */
import { readFileSync, readlinkSync } from "node:fs";

/** This process: the kernel's run, the namespace that its number counts in, and the number. Undefined where there is no such thing. */
export function nameProcess(pid = process.pid): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // Containers have the same numbers, and often the same host name; this tells them apart.
    return `${boot} ${readlinkSync("/proc/self/ns/pid")} ${pid}`;
  } catch {
    return undefined; // not Linux, or /proc is hidden: then only the lease tells
  }
}

/** True only if it surely has ended. A number that another process has got meanwhile counts as alive. */
export function hasEnded(name: string | undefined): boolean {
  const match = /^(.+) (\d{1,10})$/.exec(name ?? "");
  const pid = Number(match?.[2]);
  if (match === null || nameProcess(pid) !== name) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
