/** @file Is a port free, which one is, and who holds it. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { basename } from "node:path";
import { portForbidden, portInUse } from "../errors.ts";

/** Throws `portInUse` with the holder and a free port, or `portForbidden`; 0 is always free. */
export async function requireFreePort(port: number, host: string): Promise<void> {
  const refused = await tryPort(port, host);
  if (refused === undefined) return;
  if (refused === "EACCES") throw portForbidden({ port });
  throw portInUse({ port, holder: findHolder(port), free: await findFreePort(port + 1, host) });
}

/** The first free port of the twenty from `start` on. */
export async function findFreePort(start: number, host: string): Promise<number | undefined> {
  for (let port = start; port < Math.min(start + 20, 65_536); port++) {
    if ((await tryPort(port, host)) === undefined) return port;
  }
  return undefined;
}

/** Undefined where it can be listened on, else the system's code. */
function tryPort(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "EUNKNOWN"));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** `python3 -m http.server (pid 4711)`. Linux tells it in /proc; elsewhere, and for other people's processes, it stays unknown. */
export function findHolder(port: number): string | undefined {
  const sockets = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listListeners(table, port)));
  if (sockets.size === 0) return undefined;
  for (const pid of list("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of list(`/proc/${pid}/fd`)) {
      if (sockets.has(readLink(`/proc/${pid}/fd/${descriptor}`))) return `${readCommand(pid)} (pid ${pid})`;
    }
  }
  return undefined;
}

/** `socket:[inode]` of those that listen; columns as proc(5) has them: local address in hex, state 0A, inode. */
function listListeners(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return read(table)
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(wanted) === true && fields[3] === "0A")
    .map((fields) => `socket:[${fields[9]}]`);
}

function readCommand(pid: string): string {
  const words = read(`/proc/${pid}/cmdline`).split("\0").filter(Boolean);
  const line = words.map((word) => basename(word)).join(" ") || read(`/proc/${pid}/comm`).trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

// Processes come and go while they are listed, and others' are closed to us: what cannot be read is not there.
function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
