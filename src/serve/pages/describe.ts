import type { BodyDescription, Operation } from "../service.ts";
import { inferSchema } from "./infer-schema.ts";

/** Operations of one protocol, which all ask and answer in JSON, told by examples. */
export function createDescriber(shared: Required<Pick<Operation, "group" | "errors">>) {
  return (method: string, path: string, summary: string, answer: unknown, body?: unknown): Operation => ({
    ...shared,
    method,
    path,
    summary,
    answer: describeJson(answer),
    ...(body !== undefined && { body: describeJson(body) }),
  });
}

/** JSON like the example; any JSON without one. */
export function describeJson(example: unknown): BodyDescription {
  return { contentType: "application/json", schema: inferSchema(example), ...(example !== undefined && { example }) };
}
