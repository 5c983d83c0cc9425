/** @file The embedded target, asked from outside: by its state file, its log and the server itself. */
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openStore, storeFolder } from "../../artifact/store/layout.ts";
import { noLog, nothingDeployed } from "../errors.ts";
import type { LogOptions, Reached, ReleaseRecord, Target, TargetStatus } from "../target.ts";
import { findLocal, stopLocal } from "../targets/local.ts";
import { readUsage } from "./memory.ts";
import { requireFreePort } from "./port.ts";
import { logPath, readLiveState } from "./state.ts";

/** `root` is the project's folder. */
export function openLocalTarget(project: { root: string; name: string }): Target {
  const { root, name } = project;
  return {
    name: "local",
    description: "local",
    status: () => readStatus(root),
    logs: (options) => readLog(project, options),
    reach: async () => ({ url: await findUrl(project), close: async () => {} }),
    forward: async (port) => forward(new URL(await findUrl(project)), port),
    history: () => readHistory(root, name),
    async down({ onRemoved }) {
      const state = await stopLocal(root);
      if (state !== undefined) onRemoved(`the server at ${state.url} (pid ${state.pid})`);
      return state === undefined ? 0 : 1;
    },
    close() {},
  };
}

async function readStatus(root: string): Promise<TargetStatus> {
  const empty = { target: "local", urls: [], replicas: [], trainings: [], findings: [] };
  const state = readLiveState(root);
  if (state === undefined) return { ...empty, state: "stopped" };
  const found = await findLocal(root);
  const { pid, url, host, detached } = state;
  const { memory, startedAt } = readUsage(pid);
  const replica = {
    name: `pid ${pid}`,
    ready: found !== undefined,
    state: found === undefined ? "not answering" : detached ? "running, detached" : "running",
    restarts: 0,
    ...(memory !== undefined && { memory }),
    ...(startedAt !== undefined && { startedAt }),
    node: host,
  };
  if (found === undefined) {
    const mend = `Look at what it says (\`slipway logs\`), then \`slipway down\` and \`slipway up\`.`;
    const findings = [{ cause: `the server at ${url} does not answer its readiness check`, mend }];
    return { ...empty, state: "failing", replicas: [replica], findings };
  }
  return {
    ...empty,
    state: "running",
    urls: [url],
    ...(found.served !== "" && { model: found.served }),
    replicas: [replica],
  };
}

async function findUrl({ root, name }: { root: string; name: string }): Promise<string> {
  const found = await findLocal(root);
  if (found === undefined) throw nothingDeployed({ project: name, target: "local", up: "slipway up" });
  return found.url;
}

/** A detached server's log is a file; an attached one's is in the terminal that holds it. */
async function readLog({ root, name }: { root: string; name: string }, options: LogOptions): Promise<void> {
  const { follow, tail, signal, onLine } = options;
  const path = logPath(root);
  const state = readLiveState(root);
  if (state !== undefined && !state.detached) throw noLog({ project: name, pid: state.pid });
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw nothingDeployed({ project: name, target: "local", up: "slipway up --detach" }, { cause: error });
  }
  const lines = text.split("\n");
  let rest = lines.pop() ?? "";
  const source = state === undefined ? "server" : `pid ${state.pid}`;
  for (const line of tail === undefined ? lines : lines.slice(-tail)) onLine(line, source);
  if (!follow) return;
  let seen = Buffer.byteLength(text);
  while (!signal.aborted) {
    // Watching is not the same on every system; a look twice a second is, and costs nothing.
    await sleep(500, undefined, { signal }).catch(() => {});
    const { size } = await stat(path);
    if (size === seen) continue;
    // A new server begins its log anew.
    const fresh = (await readFile(path)).subarray(size < seen ? 0 : seen).toString("utf8");
    seen = size;
    const added = (rest + fresh).split("\n");
    rest = added.pop() ?? "";
    for (const line of added) onLine(line, source);
  }
}

/** Passes bytes on, so that a server on a host of its own answers on a port of this machine's loopback. */
async function forward(to: URL, port: number): Promise<Reached> {
  if (port !== 0) await requireFreePort(port, "127.0.0.1");
  const server = createServer((client) => {
    const upstream = connect(Number(to.port), to.hostname.replace(/^\[|\]$/g, ""));
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      await once(server, "close");
    },
  };
}

/** Locally a release is what the champion was: the server follows that alias. */
async function readHistory(root: string, name: string): Promise<ReleaseRecord[]> {
  const moves = await (await openStore(storeFolder(root))).history(name);
  return moves
    .filter(({ alias, to }) => alias === "champion" && to !== undefined)
    .map(({ at, by, to }, index) => ({ number: index + 1, at, by, model: to! }));
}
