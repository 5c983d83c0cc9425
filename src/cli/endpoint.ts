import { storeFolder } from "../artifact/store/layout.ts";
import { startServerProcess } from "../deploy/local/server-process.ts";
import { findLocal } from "../deploy/targets/local.ts";
import { notServing, optionInvalid } from "./errors.ts";
import { writeLogin } from "../http/basic.ts";
import type { ClusterTarget } from "../deploy/cluster/target.ts";
import type { Project } from "../project/types.ts";
import { environmentLoginHeaders, loginHeaders } from "../way/login.ts";
import type { Io } from "./io.ts";
import { openProject } from "./project.ts";
import { chooseTarget, openClusterContext } from "./targets.ts";

export interface Endpoint {
  url: string;
  /** Its login, as far as it is known here. */
  headers: Readonly<Record<string, string>>;
  /** Ends what was started for it. */
  close(): Promise<void>;
}

/** `--url`, else what runs for the project on `--target`, else what runs here, else (with `start`) a server of its own on a free port until `close`. */
export async function findEndpoint(
  io: Io,
  options: Readonly<Record<string, unknown>>,
  { start }: { start: boolean },
): Promise<Endpoint> {
  const close = async (): Promise<void> => {};
  const given = options["url"] as string | undefined;
  if (given !== undefined) {
    if (!URL.canParse(given) || !given.startsWith("http"))
      throw optionInvalid({ option: "--url", seen: given, wanted: "an address such as http://127.0.0.1:5000" });
    return { ...splitLogin(given.replace(/\/+$/, "")), close };
  }
  const { project, store } = await openProject(options);
  const target = chooseTarget(project, options);
  if (target !== "local") return reach(project, target, options);
  const headers = loginHeaders(project);
  const running = await findLocal(project.root);
  if (running !== undefined) return { url: running.url, headers, close };
  if (!start) throw notServing({ project: project.definition.name });
  const model = `${project.definition.name}:champion`;
  // Where there is no champion, the store says so better than a server would.
  await store.get(model);
  io.report({ step: "serve", label: "start a server for this question" });
  const server = await startServerProcess({
    host: "127.0.0.1",
    port: 0,
    appPath: project.appPath,
    storePath: storeFolder(project.root),
    model,
    signal: io.signal,
  });
  return { url: `http://127.0.0.1:${server.port}`, headers, close: () => server.stop() };
}

/** `http://name:password@host` as callers may write it: the login is sent as a header, and shown nowhere. */
export function splitLogin(given: string): Pick<Endpoint, "url" | "headers"> {
  const { username, password } = new URL(given);
  if (username === "" && password === "") return { url: given, headers: {} };
  const login = { name: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { url: given.replace(/^(https?:\/\/)[^/]*@/, "$1"), headers: { authorization: writeLogin(login) } };
}

/** An endpoint of a cluster; its connection goes with it. A login that is set here goes before the one that its pods have. */
async function reach(project: Project, context: string, options: Readonly<Record<string, unknown>>): Promise<Endpoint> {
  await using stack = new AsyncDisposableStack();
  const target = await openClusterContext(project, context, options);
  stack.defer(() => target.close());
  const reached = await target.reach();
  stack.defer(() => reached.close());
  const headers = environmentLoginHeaders(project) ?? (await readLogin(project, target));
  const kept = stack.move();
  return { url: reached.url, headers, close: () => kept.disposeAsync() };
}

async function readLogin(
  project: Project,
  { cluster, namespace }: ClusterTarget,
): Promise<Readonly<Record<string, string>>> {
  const { deploy = {} } = project.definition;
  const { clusterLoginHeaders } = await import("../way/cluster/login.ts");
  return clusterLoginHeaders(project, { cluster, namespace, deploy });
}
