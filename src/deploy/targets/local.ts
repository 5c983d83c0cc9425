/** @file The embedded target: one server process on this machine for each project. */
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { askHttp } from "../../base/ask.ts";
import { serverNotRefreshed } from "../errors.ts";
import { requireFreePort } from "../local/port.ts";
import { type ServerExit, type ServerProcess, startServerProcess } from "../local/server-process.ts";
import { type LocalState, logPath, readBirth, readLiveState, removeState, writeState } from "../local/state.ts";

export interface LocalOptions {
  /** The project's folder. */
  root: string;
  appPath: string;
  storePath: string;
  /** `digits:champion`: the server follows the alias. Left out, together with `digest`, where the project has no model. */
  model?: string;
  /** Digest of the artifact that must be served. */
  digest?: string;
  host: string;
  port: number;
  /** Leave the server running after this process. */
  detach: boolean;
  /** What a running server lets in: its login. */
  headers?: Readonly<Record<string, string>>;
  onLog?: (line: string) => void;
  signal: AbortSignal;
}

export interface LocalRelease {
  url: string;
  pid: number;
  port: number;
  /** Of the artifact that it serves; empty where it serves none. */
  digest: string;
  /** What was done: a new process, the running one as it is, or the running one with its model swapped. */
  outcome: "started" | "kept" | "refreshed";
  /** Ours to stop: it ends with this process. */
  attached: boolean;
  verified: string | undefined;
  /** Notes in the state what was verified. */
  noteVerified(what: string): Promise<void>;
  /** Settles when the server ends; for one that another process holds, when it is gone. */
  exited: Promise<ServerExit>;
  stop(): Promise<void>;
}

/** Throws early what would only be met after the training: a port that somebody else holds. */
export async function checkPort({ root, host, port }: Pick<LocalOptions, "root" | "host" | "port">): Promise<void> {
  if (readLiveState(root)?.port === port) return;
  await requireFreePort(port, host);
}

/**
 * Makes the local endpoint serve `digest` with this app: keeps a healthy server that does, swaps the model of one that has
 * the same app, replaces one with another app or port, or starts one. Throws `portInUse`, `serverFailed`.
 */
export async function deployLocal(options: LocalOptions): Promise<LocalRelease> {
  const running = readLiveState(options.root);
  if (running !== undefined) {
    const kept = await reuse(running, options);
    if (kept !== undefined) return kept;
    await stopByState(options.root, running);
  }
  await requireFreePort(options.port, options.host);
  return start(options);
}

/** What runs for the project now, asked of the server itself; undefined where nothing healthy does. */
export async function findLocal(root: string): Promise<(LocalState & { served: string }) | undefined> {
  const state = readLiveState(root);
  const served = state === undefined ? undefined : await askDigest(state.url);
  return state === undefined || served === undefined ? undefined : { ...state, served };
}

/** Ends what runs for the project, whoever started it; gives what it was, or undefined where nothing ran. */
export async function stopLocal(root: string): Promise<LocalState | undefined> {
  const state = readLiveState(root);
  if (state !== undefined) await stopByState(root, state);
  return state;
}

async function start(options: LocalOptions): Promise<LocalRelease> {
  const { root, host, detach, model = "", digest = "", appPath } = options;
  const server = await startServerProcess({ ...options, model, ...(detach && { detachedLog: logPath(root) }) });
  const url = toUrl(host, server.port);
  const state: LocalState = {
    pid: server.pid,
    born: readBirth(server.pid) ?? "",
    host,
    port: server.port,
    url,
    app: basename(appPath),
    model,
    digest,
    detached: detach,
  };
  await writeState(root, state);
  return toRelease(root, state, "started", !detach, server);
}

/** Undefined where the running server cannot become what is wanted: another app, port or name, or it does not answer. */
async function reuse(state: LocalState, options: LocalOptions): Promise<LocalRelease | undefined> {
  const { app, model, host, port, url, pid } = state;
  const { model: wantedModel = "", digest = "" } = options;
  if (app !== basename(options.appPath) || model !== wantedModel || host !== options.host) return undefined;
  if (options.port !== 0 && options.port !== port) return undefined;
  const served = await askDigest(url);
  if (served === undefined) return undefined;
  const outcome = served === digest ? "kept" : "refreshed";
  if (outcome === "refreshed") await refresh(url, digest, options.headers ?? {});
  const { verified, ...rest } = state;
  const now = { ...rest, digest, ...(outcome === "kept" && verified !== undefined && { verified }) };
  await writeState(options.root, now);
  return toRelease(options.root, now, outcome, false, {
    pid,
    port,
    exited: waitForEnd(state, options.signal),
    stop: () => stopByState(options.root, state),
  });
}

function toRelease(
  root: string,
  state: LocalState,
  outcome: LocalRelease["outcome"],
  attached: boolean,
  server: ServerProcess,
): LocalRelease {
  const { url, pid, port, digest, verified } = state;
  return {
    url,
    pid,
    port,
    digest,
    outcome,
    attached,
    verified,
    noteVerified: (what) => writeState(root, { ...state, verified: what }),
    exited: server.exited,
    async stop() {
      await server.stop();
      await removeState(root, pid);
    },
  };
}

/** The server reads the alias anew and swaps without failing a request; then its answers name the new digest. */
async function refresh(url: string, wanted: string, headers: Readonly<Record<string, string>>): Promise<void> {
  await askHttp(`${url}/refresh`, { headers, signal: AbortSignal.timeout(30_000) });
  const seen = await askDigest(url);
  if (seen !== wanted) throw serverNotRefreshed({ url, seen: seen ?? "nothing", wanted });
}

/** The digest that a ready server names (empty for one without a model), or undefined where none answers. */
async function askDigest(url: string): Promise<string | undefined> {
  try {
    const { status, headers } = await askHttp(`${url}/readyz`, { signal: AbortSignal.timeout(2000) });
    return status === 200 ? String(headers["x-model-digest"] ?? "") : undefined;
  } catch {
    // Refused, reset or too slow: not a server to reuse. The caller starts another and meets any real fault there.
    return undefined;
  }
}

async function stopByState(root: string, { pid, born }: LocalState): Promise<void> {
  const lives = (): boolean => readBirth(pid) === born;
  if (lives()) process.kill(pid, "SIGTERM");
  for (let waited = 0; lives() && waited < 15_000; waited += 50) await sleep(50);
  if (lives()) process.kill(pid, "SIGKILL");
  while (lives()) await sleep(20);
  await removeState(root, pid);
}

async function waitForEnd({ pid, born }: LocalState, signal: AbortSignal): Promise<ServerExit> {
  while (!signal.aborted && readBirth(pid) === born) await sleep(250, undefined, { ref: false });
  return { code: null, signal: null, log: [] };
}

function toUrl(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
