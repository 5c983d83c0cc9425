/** @module slipway — what a project file imports. Light on purpose: the server loads it too. */
export { defineProject } from "./project/define.ts";
export { basic, columns, image, json, refuse, reply, route, text } from "./project/route.ts";
export type {
  Audit,
  DeployDefinition,
  MetricGate,
  ModelHandle,
  Prediction,
  Project,
  ProjectDefinition,
  Route,
  RouteRequest,
  ServeDefinition,
} from "./project/types.ts";
export { parseLabels } from "./model/ssd/labels.ts";
export { SlipwayError } from "./base/errors.ts";
