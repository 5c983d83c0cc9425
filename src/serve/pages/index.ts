import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { locate } from "../../base/locate.ts";
import type { Artifact } from "../../artifact/types.ts";
import type { Guard } from "../guard.ts";
import { requireHost, type Refreshed } from "../host.ts";
import { protocols } from "../protocols/index.ts";
import type { Operation, Reply, Service } from "../service.ts";
import { toCard } from "./card.ts";
import { renderDocs } from "./docs-page.ts";
import { inferSchema } from "./infer-schema.ts";
import { writeIndex } from "./index-text.ts";
import { describeService } from "./openapi.ts";

const html = "text/html; charset=utf-8";
const json = "application/json; charset=utf-8";
const text = "text/plain; charset=utf-8";

/** Everything the server answers besides the protocols. */
export function registerPages(app: FastifyInstance, service: Service, guard: Guard): void {
  const { metrics, project, limits } = service;
  const operations = (): Operation[] => listOperations(service);
  const artifact = (): Artifact | undefined => service.host?.current.artifact;
  const send = (reply: Reply, contentType: string, body: string): Reply =>
    reply.header("content-type", contentType).send(body);
  const docs = (): string => renderDocs(project.name, artifact(), operations(), limits.maxBodyBytes);

  app.get("/", (_request, reply) => sendPage(reply, (artifact() && readPlayground()) ?? docs()));
  app.get("/docs", (_request, reply) => sendPage(reply, docs()));
  app.get("/index", (request, reply) =>
    send(reply, text, writeIndex(project.name, artifact(), operations(), `${request.protocol}://${request.host}`)),
  );
  app.get("/card", (_request, reply) =>
    send(reply, json, JSON.stringify(toCard(requireHost(service).current.artifact, operations()))),
  );
  app.get("/openapi.json", (_request, reply) =>
    send(reply, json, JSON.stringify(describeService(project.name, artifact(), operations(), limits.maxBodyBytes))),
  );
  for (const path of ["/healthz", "/livez"]) app.get(path, (_request, reply) => send(reply, json, '{"status":"ok"}'));
  app.get("/readyz", (_request, reply) => {
    const ready = service.isReady();
    send(reply.code(ready ? 200 : 503), json, JSON.stringify({ ready, model: describeModel(service) }));
  });
  app.get("/metrics", async (_request, reply) => send(reply, metrics.contentType, await metrics.write()));
  app.route({
    method: ["GET", "POST"],
    url: "/refresh",
    async handler(request, reply) {
      guard.refuseStranger(request.raw);
      const refreshed = await requireHost(service).refresh();
      return reply
        .headers({ "content-type": json, "x-model-digest": refreshed.digest })
        .send(JSON.stringify(refreshed));
    },
  });
}

function describeModel({ host, following }: Service): object | undefined {
  if (host === undefined) return undefined;
  const { reference, origin, current } = host;
  return { reference, digest: current.artifact.digest, origin, following: following() };
}

/** Operations in the order to show them: the project's own first. */
export function listOperations(service: Service): Operation[] {
  const all = [...protocols.flatMap((protocol) => protocol.describe(service)), ...ownOperations(service)];
  const [own, others] = [
    all.filter(({ group }) => group === undefined),
    all.filter(({ group }) => group !== undefined),
  ];
  const taken = new Set(own.map(({ method, path }) => `${method} ${path}`));
  // What the project answers itself is no protocol's.
  return [...own, ...others.filter(({ method, path }) => !taken.has(`${method} ${path}`))];
}

/** The page may not load anything from elsewhere; its own scripts and styles are inside it. */
function sendPage(reply: Reply, page: string): Reply {
  return reply
    .headers({
      "content-type": html,
      "cache-control": "no-cache",
      "content-security-policy":
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    })
    .send(page);
}

/** The page as built; nothing where it was not built (a source tree before `npm run build`): /docs is shown instead. */
function readPlayground(): string | undefined {
  try {
    return readFileSync(locate(import.meta.url, "../../../dist/web/playground.html", "web/playground.html"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function ownOperations({ host }: Service): Operation[] {
  const get = (path: string, summary: string, contentType: string, example?: unknown): Operation => ({
    method: "GET",
    path,
    summary,
    answer: {
      contentType,
      schema: contentType.includes("json") ? inferSchema(example ?? {}) : { type: "string" },
      ...(example !== undefined && { example }),
    },
  });
  const jsonType = "application/json";
  const artifact = host?.current.artifact;
  const refreshed: Refreshed = { model: artifact?.name ?? "", digest: artifact?.digest ?? "", changed: false };
  const ofModel = [
    get("/card", "The model's card: digest, signature, metrics, lineage", jsonType),
    get("/refresh", "Loads what the reference points at now; no request fails meanwhile", jsonType, refreshed),
    { ...get("/refresh", "The same as GET", jsonType, refreshed), method: "POST" },
  ];
  return [
    get("/index", "This service in a few lines", "text/plain"),
    ...(artifact === undefined ? [] : ofModel),
    get("/healthz", "The process is alive", jsonType, { status: "ok" }),
    get("/livez", "The same, as Kubernetes names it", jsonType, { status: "ok" }),
    get("/readyz", "The model is loaded and callers are welcome; 503 otherwise", jsonType, { ready: true }),
    get("/metrics", "Figures for Prometheus", "text/plain"),
    get("/openapi.json", "This description for programs", jsonType),
    get("/docs", "This description for people", "text/html"),
    get("/", artifact === undefined ? "The same" : "The playground: try the model by hand", "text/html"),
  ];
}
