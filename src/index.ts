/** @module slipway — what a project file imports. Light on purpose: the server loads it too. */
export { defineProject } from "./project/define.ts";
export { image } from "./project/route.ts";
export type {
  Audit,
  DeployDefinition,
  MetricGate,
  Prediction,
  Project,
  ProjectDefinition,
  Route,
  ServeDefinition,
} from "./project/types.ts";
export { SlipwayError } from "./base/errors.ts";
