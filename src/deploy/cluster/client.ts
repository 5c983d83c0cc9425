/**
 * @file The one file that knows @kubernetes/client-node: kubeconfigs, credentials of every kind (exec, OIDC, certificates, token
 * files), proxies, WebSockets. It is loaded when a cluster is first opened: it takes 0.3 s. Requests go through Node's own client:
 * the library's opens a TLS connection for each, and its watch and log calls drop the server's answer to a failure.
 */
import http from "node:http";
import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import type { WebSocketHandler } from "@kubernetes/client-node/dist/web-socket-handler.js";
import { findNearest } from "../../base/nearest.ts";
import { contextUnknown, contextUnnamed, credentialsFailed, kubeconfigInvalid } from "../errors.ts";
import { readKubeconfigs } from "./kubeconfig.ts";
import type { Channel, ChannelHandlers } from "./types.ts";

/** How the server of one context is reached, and as whom. */
export interface Access {
  server: URL;
  namespace: string | undefined;
  /** Agent, TLS settings and headers of one request. Credentials are kept until they expire. Throws `credentialsFailed`. */
  options(): Promise<https.RequestOptions>;
  openChannel(path: string, handlers: ChannelHandlers): Promise<Channel>;
  close(): void;
}

/** Reads the kubeconfigs anew, so that credentials which the server has refused are fetched again. */
export async function openAccess(context: string, kubeconfig: string | undefined): Promise<Access> {
  const [library, { WebSocketHandler }] = await Promise.all([
    import("@kubernetes/client-node"),
    // The index leaves it out; the version is pinned.
    import("@kubernetes/client-node/dist/web-socket-handler.js"),
  ]);
  const { config, looked } = readKubeconfigs(() => new library.KubeConfig(), context, kubeconfig);
  const known = config.contexts.map(({ name }) => name);
  if (context === "") throw contextUnnamed({ known });
  if (!known.includes(context)) throw contextUnknown({ context, known, nearest: findNearest(context, known), looked });
  config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw kubeconfigInvalid({ path: looked, reason: `context ${context} names a cluster that it lacks` });
  if (config.getCurrentUser() === null) addNobody(config, context);
  // The library refuses plain HTTP unless told that there is nothing to verify; `kubectl proxy` speaks it.
  if (cluster.server.startsWith("http:")) Object.assign(cluster, { skipTLSVerify: true });

  const settings = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 16 };
  const agent = cluster.server.startsWith("https:") ? new https.Agent(settings) : new http.Agent(settings);
  const options = shareCalls(async () => {
    const filled: https.RequestOptions = {};
    await fillOptions(config, context, filled);
    // A proxy is reached by the library's own agents; without one, connections are kept.
    if (cluster.proxyUrl === undefined) filled.agent = agent;
    return filled;
  });
  return {
    server: new URL(cluster.server),
    namespace: config.getContextObject(context)?.namespace,
    options,
    openChannel: (path, handlers) => openChannel(new WebSocketHandler(config), path, handlers),
    close: () => agent.destroy(),
  };
}

/** Some servers ask for no user (`kubectl proxy`); the library needs one to look at. */
function addNobody(config: KubeConfig, context: string): void {
  const entry = config.contexts.find(({ name }) => name === context);
  const name = entry?.user ?? "nobody";
  Object.assign(entry ?? {}, { user: name });
  config.addUser({ name });
}

async function fillOptions(config: KubeConfig, context: string, options: https.RequestOptions): Promise<void> {
  try {
    await config.applyToHTTPSOptions(options as Parameters<KubeConfig["applyToHTTPSOptions"]>[0]);
  } catch (error) {
    const user = config.getCurrentUser();
    const exec = user?.exec as { command?: string; args?: string[] } | null | undefined;
    const command = exec?.command === undefined ? `user ${user?.name}` : [exec.command, ...(exec.args ?? [])].join(" ");
    const reason = error instanceof Error ? error.message.trim().slice(0, 2000) : String(error);
    throw credentialsFailed({ context, command, reason: reason === "" ? "it said nothing" : reason }, { cause: error });
  }
}

/** Calls that come while one is under way get its result: a credential program is not run ten times for ten requests. */
function shareCalls<T>(call: () => Promise<T>): () => Promise<T> {
  let pending: Promise<T> | undefined;
  return () => (pending ??= call().finally(() => (pending = undefined)));
}

async function openChannel(handler: WebSocketHandler, path: string, handlers: ChannelHandlers): Promise<Channel> {
  const socket = await handler.connect(path, null, (stream, bytes) => {
    handlers.onMessage(stream, bytes);
    return true;
  });
  socket.addEventListener("close", () => handlers.onClose());
  // A broken connection is closed right after, and that is told; without a listener it would end the process.
  socket.addEventListener("error", () => {});
  const live = (): boolean => socket.readyState === socket.OPEN;
  return {
    send: (stream, bytes) => {
      if (live()) socket.send(Buffer.concat([Uint8Array.of(stream), bytes]));
    },
    end: (stream) => {
      if (socket.protocol !== "v5.channel.k8s.io") return false;
      if (live()) socket.send(Uint8Array.of(255, stream));
      return true;
    },
    get buffered() {
      return socket.bufferedAmount;
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.close(),
  };
}
