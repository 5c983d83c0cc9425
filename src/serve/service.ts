import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { SlipwayError } from "../base/errors.ts";
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
  /** Undefined in a project without a model. */
  host: ModelHost | undefined;
  bodies: BodyReader;
  metrics: Metrics;
  log: Logger;
  limits: { maxBodyBytes: number };
  /** Ready for callers: loaded, healthy and not stopping. */
  isReady: () => boolean;
  /** How the alias stands that is followed, where one is. */
  following: () => Follower["status"] | undefined;
  /** Who may ask, and who may change what is served. */
  access: Access;
}

export interface Access {
  /** Says whether a name and a password are right; undefined where everybody may ask. */
  isLogin: ((name: string, password: string) => boolean) | undefined;
  /** Opens the control endpoints; undefined where none was set. */
  controlToken: string | undefined;
}

/** What a request's body is, for descriptions. */
export interface BodyDescription {
  contentType: string;
  schema: object;
  example?: unknown;
}

/** One operation of the service as OpenAPI and the card show it. */
export interface Operation {
  method: string;
  path: string;
  summary: string;
  /** The protocol that it belongs to, where it is not the project's or the server's own. */
  group?: string;
  /** The multipart field that takes an image. */
  field?: string;
  /** What is sent otherwise. */
  body?: BodyDescription;
  /** What the query may have, each with a line for people. */
  query?: Readonly<Record<string, string>>;
  answer: { contentType: string; schema: object; example?: unknown };
  /** How its errors look. Default: problem+json. */
  errors?: { contentType: string; schema: object };
}

/** Answers one request, to its end. `id` is the request's. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse, id: string) => void;

/** Where protocols put their routes. */
export interface RouteTable {
  /** The path may have Fastify's parameters. */
  add(method: string, path: string, handler: RawHandler): void;
}

/** An error as a protocol writes it. */
export type ErrorShape = (error: SlipwayError, requestId: string) => { type: string; body: string };

/** A way to ask the model: one file each in protocols/, and one line in its list. */
export interface Protocol {
  /** As metrics name it. */
  name: string;
  register(routes: RouteTable, service: Service): void;
  describe(service: Service): Operation[];
  /** Paths that are the protocol's, and how errors look there: also those of unknown paths and of refused logins. */
  errors?: { owns: (path: string) => boolean; shape: ErrorShape };
}

export type { FastifyReply as Reply, FastifyRequest as Request };
