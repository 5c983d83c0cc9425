import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { createBodyReader } from "../http/body.ts";
import { createLog, type Logger } from "../http/log.ts";
import { createMetrics } from "../http/metrics.ts";
import { createApp } from "./app.ts";
import { createDrain, type Drain } from "./drain.ts";
import { addressUnusable, portTaken } from "./errors.ts";
import { openCredentials } from "./credentials.ts";
import { openHost, requireHost, type Refreshed } from "./host.ts";
import type { ServedProject, Service } from "./service.ts";
import { startFollowing } from "./source/follow.ts";
import type { ModelSource } from "./source/types.ts";

export interface ServerOptions {
  project: ServedProject;
  /** A store, or anything else that finds and reads artifacts. Left out for a project without a model. */
  source?: ModelSource;
  /** Which model; default the project's champion. */
  reference?: string;
  /** Watches where an alias points, and serves that without a restart. With it, `reference` is only what to start from when the alias points nowhere. */
  follow?: { alias: string; everySeconds: number };
  /** Default 127.0.0.1: this machine only. */
  host?: string;
  /** Default 5000; 0 picks a free one. */
  port?: number;
  /** Threads that run the model. Default one a core less the one for HTTP and decoding; at least one, at most four. */
  threads?: number;
  /** Bytes a request body may have. Default 10 MiB. */
  maxBodyBytes?: number;
  /** Time between "not ready" and the end of accepting, for load balancers to notice. Milliseconds; default 0. */
  drainDelayMs?: number;
  /** Time that a stop may take before connections are cut. Milliseconds; default 25,000, inside Kubernetes's 30 s. */
  drainDeadlineMs?: number;
  /** Opens the control endpoints to whoever sends it. Without it they are open to this machine, and to logins of `serve.auth`. */
  controlToken?: string;
  /** Where `serve.auth` finds its credentials. Default: `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Default: warnings and worse, as JSON lines on stderr. */
  log?: Logger;
}

export interface Server {
  /** `http://127.0.0.1:5000`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Digest of the artifact that serves now; empty without a model. */
  readonly digest: string;
  readonly ready: boolean;
  refresh(): Promise<Refreshed>;
  /** Turns readiness off, waits, stops accepting, answers what is in flight, frees the model. Twice is once. */
  close(): Promise<void>;
}

export const defaultMaxBodyBytes = 10 * 1024 * 1024;

/**
 * Loads the model, then listens: whoever can connect gets an answer. Rejects with `portTaken`, `addressUnusable`, or what the
 * store, the signature or onnxruntime has against the model.
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { project, source } = options;
  const log = options.log ?? createLog("warn");
  const metrics = createMetrics();
  const maxBodyBytes = options.maxBodyBytes ?? defaultMaxBodyBytes;
  const { maxRows = 16, maxQueuedRows = 1024 } = project.serve?.batching ?? {};
  const { follow } = options;
  const auth = project.serve?.auth;
  const credentials = auth && openCredentials(auth, options.env ?? process.env, log);
  const host =
    source &&
    (await openHost(follow?.alias ?? options.reference ?? `${project.name}:champion`, {
      fallback: follow === undefined ? undefined : options.reference,
      source,
      project,
      threads: options.threads,
      batching: { maxRows, maxQueuedRows },
      metrics,
      log,
    }));
  const follower =
    follow && host && source
      ? startFollowing({ reference: follow.alias, everySeconds: follow.everySeconds, host, source, metrics, log })
      : undefined;
  let stopping: Promise<void> | undefined;
  const service: Service = {
    project,
    host,
    bodies: createBodyReader({ maxBytes: maxBodyBytes, maxHeldBytes: Math.max(64 * 1024 * 1024, 2 * maxBodyBytes) }),
    metrics,
    log,
    limits: { maxBodyBytes },
    isReady: () => stopping === undefined && (host?.current.healthy ?? true),
    following: () => follower?.status,
    access: { isLogin: credentials?.isLogin, controlToken: options.controlToken },
  };
  const address = { host: options.host ?? "127.0.0.1", port: options.port ?? 5000 };
  let app: FastifyInstance;
  let drain: Drain;
  const release = async (): Promise<void> => {
    await follower?.stop();
    await host?.close();
    credentials?.close();
  };
  try {
    app = createApp(service);
    drain = createDrain(app.server);
    await app.listen(address);
  } catch (error) {
    await release();
    throw toAddressError(error, address);
  }
  const { port } = app.server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    const delayMs = options.drainDelayMs ?? 0;
    if (delayMs > 0) {
      // Sent away at once, callers would come back to us: nodes and balancers have yet to hear that we go.
      await delay(delayMs / 2);
      drain.begin();
      await delay(delayMs / 2);
    }
    await drain.run({ idleGraceMs: 200, deadlineMs: options.drainDeadlineMs ?? 25_000 });
    await app.close();
    await release();
  };
  return {
    url: `http://${toUrlHost(address.host)}:${port}`,
    port,
    get digest() {
      return host?.current.artifact.digest ?? "";
    },
    get ready() {
      return service.isReady();
    },
    refresh: () => requireHost(service).refresh(),
    close: () => (stopping ??= stop()),
  };
}

/** An address that a person on this machine can open: all interfaces are reached by the loopback one. */
function toUrlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function toAddressError(error: unknown, address: { host: string; port: number }): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return portTaken(address, { cause: error });
  if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return addressUnusable({ ...address, reason: message }, { cause: error });
  return error;
}
