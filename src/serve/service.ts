import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { BodyReader } from "../http/body.ts";
import type { Logger } from "../http/log.ts";
import type { Metrics } from "../http/metrics.ts";
import type { ProjectDefinition } from "../project/types.ts";
import type { ModelHost } from "./host.ts";
import type { Follower } from "./source/follow.ts";

/** The part of a project that serving needs. */
export type ServedProject = Pick<ProjectDefinition, "name" | "serve"> & {
  data?: { kind?: string; otherSizes?: "refuse" | "resize" };
};

/** What every protocol and page is given. */
export interface Service {
  project: ServedProject;
  host: ModelHost;
  bodies: BodyReader;
  metrics: Metrics;
  log: Logger;
  limits: { maxBodyBytes: number };
  /** Ready for callers: loaded, healthy and not stopping. */
  isReady: () => boolean;
  /** How the alias stands that is followed, where one is. */
  following: () => Follower["status"] | undefined;
}

/** One operation of the service as OpenAPI and the card show it. */
export interface Operation {
  method: string;
  path: string;
  summary: string;
  /** The multipart field that takes an image. */
  field?: string;
  answer: { contentType: string; schema: object; example?: unknown };
}

/** Answers one request, to its end. `id` is the request's. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse, id: string) => void;

/** Where protocols put their routes. */
export interface RouteTable {
  /** The path may have Fastify's parameters. */
  add(method: string, path: string, handler: RawHandler): void;
}

/** A way to ask the model: one file each in protocols/, and one line in its list. */
export interface Protocol {
  /** As metrics name it. */
  name: string;
  register(routes: RouteTable, service: Service): void;
  describe(service: Service): Operation[];
}

export type { FastifyReply as Reply, FastifyRequest as Request };
