import { storeFolder } from "../artifact/store/layout.ts";
import { startServerProcess } from "../deploy/local/server-process.ts";
import { findLocal } from "../deploy/targets/local.ts";
import { notServing, optionInvalid } from "./errors.ts";
import { writeLogin } from "../http/basic.ts";
import { loginHeaders } from "../way/login.ts";
import type { Io } from "./io.ts";
import { openProject } from "./project.ts";
import { chooseTarget, openTarget } from "./targets.ts";

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
  const headers = loginHeaders(project);
  if (chooseTarget(project, options) !== "local") return { ...(await reach(options, project.root)), headers };
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
function splitLogin(given: string): Pick<Endpoint, "url" | "headers"> {
  const { username, password } = new URL(given);
  if (username === "" && password === "") return { url: given, headers: {} };
  const login = { name: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { url: given.replace(/^(https?:\/\/)[^/]*@/, "$1"), headers: { authorization: writeLogin(login) } };
}

/** An endpoint of a cluster; its connection goes with it. */
async function reach(
  options: Readonly<Record<string, unknown>>,
  root: string,
): Promise<Pick<Endpoint, "url" | "close">> {
  const { target } = await openTarget(options, root);
  try {
    const reached = await target.reach();
    return {
      url: reached.url,
      async close() {
        await reached.close();
        target.close();
      },
    };
  } catch (error) {
    target.close();
    throw error;
  }
}
