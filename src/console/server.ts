/** @file The console's server: one project, this machine only. */
import type { AddressInfo } from "node:net";
import Fastify, { type FastifyError, type FastifyInstance } from "fastify";
import { findFreePort, requireFreePort } from "../deploy/local/port.ts";
import { routeUnknown } from "../http/errors.ts";
import { isTrained } from "../project/training.ts";
import type { ProjectAnswer } from "./api.ts";
import { createAuditRunner, type AuditRunner } from "./audit-job.ts";
import { requestInvalid } from "./errors.ts";
import { guard } from "./guard.ts";
import { type Page, readPage } from "./page.ts";
import { toConsoleError, toProblem } from "./problem.ts";
import { registerAudit } from "./routes/audit.ts";
import { registerData } from "./routes/data.ts";
import { registerModels } from "./routes/models.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

export interface Console {
  /** `http://127.0.0.1:5050`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Stops an audit that runs, and cuts connections. */
  close(): Promise<void>;
}

export interface ConsoleOptions {
  /** The project's folder. */
  root: string;
  /** 0: any free one. Default: 5050, or the next free one of the twenty from there. */
  port?: number;
  /** Default: the page as built. */
  page?: Page;
}

const host = "127.0.0.1";
const usualPort = 5050;

/** Listens on loopback only. Throws `consolePageMissing`, `portInUse`, and as `loadProject`. */
export async function openConsole({ root, port, page = readPage() }: ConsoleOptions): Promise<Console> {
  const stopped = new AbortController();
  const workspace = openWorkspace(root, stopped.signal);
  await workspace.project();
  const runner = createAuditRunner(workspace);
  let url = "";
  const app = await listen(() => createApp({ workspace, runner, page, url: () => url }), port);
  const own = (app.server.address() as AddressInfo).port;
  url = `http://${host}:${own}`;
  return {
    url,
    port: own,
    async close() {
      stopped.abort();
      await runner.close();
      await app.close();
    },
  };
}

/** A named port must be free. Of the usual ones the first that is; somebody may take it between looking and listening, then the next. */
async function listen(create: () => FastifyInstance, named: number | undefined): Promise<FastifyInstance> {
  if (named !== undefined) await requireFreePort(named, host);
  for (;;) {
    const app = create();
    const port = named ?? (await findFreePort(usualPort, host)) ?? 0;
    try {
      await app.listen({ host, port });
      return app;
    } catch (error) {
      await app.close();
      if (named !== undefined || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

interface Parts {
  workspace: Workspace;
  runner: AuditRunner;
  page: Page;
  url: () => string;
}

function createApp({ workspace, runner, page, url }: Parts): FastifyInstance {
  const app = Fastify({ logger: false, bodyLimit: 16 * 1024, forceCloseConnections: true, exposeHeadRoutes: false });
  // A form of another page may send text without being asked first.
  app.removeContentTypeParser("text/plain");
  guard(app, url);
  app.setErrorHandler((error, _request, reply) => {
    const known = toConsoleError(toRefusal(error));
    return reply.code(known.status).send(toProblem(known));
  });
  app.setNotFoundHandler(({ method, url: path }) => {
    throw routeUnknown({ method, path: path.slice(0, 200), wanted: "the console's page at /" });
  });
  app.get("/", (_request, reply) =>
    reply.header("content-security-policy", page.policy).type("text/html; charset=utf-8").send(page.html),
  );
  app.get("/api/project", async (): Promise<ProjectAnswer> => {
    const { definition } = await workspace.project();
    const { name, data, train } = definition;
    return {
      name,
      root: workspace.root,
      trains: isTrained(definition),
      ...(data !== undefined && { source: data.kind }),
      ...(train !== undefined && { trainer: train.kind }),
    };
  });
  registerData(app, workspace);
  registerAudit(app, workspace, runner);
  registerModels(app, workspace);
  return app;
}

/** What the framework itself refuses: a body that is no JSON, too long, or of another type. */
function toRefusal(error: unknown): unknown {
  const { code, message } = error as Partial<FastifyError>;
  return code?.startsWith("FST_ERR_CTP_") === true ? requestInvalid({ faults: [message ?? ""] }) : error;
}
