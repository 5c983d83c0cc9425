import type { Audit, MetricGate } from "../artifact/gate.ts";
import type { Digest } from "../base/digest.ts";
import type { DataSource } from "../data/types.ts";
import type { Trainer } from "../train/types.ts";
import type { DeployDefinition } from "./deploy.ts";

export type { Audit, MetricGate } from "../artifact/gate.ts";
export type { DeployDefinition } from "./deploy.ts";

/** What a route takes: one multipart field with an image file. */
export interface ImageField {
  kind: "image";
}

export type RouteInput = Readonly<Record<string, ImageField>>;

/** What a classifier says of one row; handed to a route's `output`. */
export interface Prediction {
  /** The most probable label. */
  label: string;
  /** Its probability, 0..1. */
  probability: number;
  probabilities: Readonly<Record<string, number>>;
}

export interface Route {
  input: RouteInput;
  /** What the caller gets as JSON. Without it: the prediction as it is. */
  output?: (prediction: Prediction) => unknown;
}

export interface ProjectDefinition {
  /** Lower-case, as in an OCI repository. */
  name: string;
  /** Left out by a project that trains nothing on data of its own. */
  data?: DataSource;
  /** Left out, together with `data`, by a project without a model: then `serve.routes` are all there is. */
  train?: Trainer;
  gate?: Readonly<Record<string, MetricGate>>;
  audit?: Audit;
  serve?: ServeDefinition;
  /** Kubernetes settings; validated, unused by the local target. */
  deploy?: DeployDefinition;
}

export interface ServeDefinition {
  /** 5000 by default; the environment's PORT goes first. */
  port?: number;
  /** Keys are `METHOD /path`. */
  routes?: Readonly<Record<string, Route>>;
  batching?: { maxRows?: number; maxQueuedRows?: number };
}

/** A project as loaded from its folder. */
export interface Project {
  /** Absolute. */
  root: string;
  configPath: string;
  definition: ProjectDefinition;
  /** Digest of the bundled config and everything of the user's that it imports. */
  codeDigest: Digest;
  /** The bundle of the config that the server loads: a file beside the store. */
  appPath: string;
}
