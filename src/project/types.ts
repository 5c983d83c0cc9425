import type { Audit, MetricGate } from "../artifact/gate.ts";
import type { Digest } from "../base/digest.ts";
import type { LabelAudit } from "../data/audit/define.ts";
import type { DataSource } from "../data/types.ts";
import type { Trainer } from "../train/types.ts";
import type { DeployDefinition } from "./deploy.ts";
import type { BasicAuth, PredictRows, Route } from "./routes.ts";

export type { Audit, MetricGate } from "../artifact/gate.ts";
export type { DeployDefinition } from "./deploy.ts";
export type * from "./routes.ts";

export interface ProjectDefinition {
  /** Lower-case, as in an OCI repository. */
  name: string;
  /** Left out by a project that trains nothing on data of its own. */
  data?: DataSource;
  /** Left out, together with `data`, by a project without a model: then `serve.routes` are all there is. */
  train?: Trainer;
  gate?: Readonly<Record<string, MetricGate>>;
  audit?: Audit | LabelAudit;
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
  /** Who may ask. Default: everybody who can reach the port. Probes and /metrics stay open. */
  auth?: BasicAuth;
  /** What protocols call the model. Default: the project's name, which is understood in any case. */
  modelName?: string;
  /** Answers the protocols for tables (Seldon's, KServe's V1) in a project without a model. */
  predict?: PredictRows;
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
  /** The data are others than the project file names, for this once: its lock is not theirs. */
  unlocked?: boolean;
}
