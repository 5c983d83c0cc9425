import { hexOf } from "../../base/digest.ts";
import type { Artifact } from "../../artifact/types.ts";
import type { BodyDescription, Operation } from "../service.ts";
import { listProblems } from "./problems.ts";

const problemRef = { $ref: "#/components/schemas/Problem" };

/** The service as OpenAPI 3.1: its operations, what each may answer, and the model that answers. */
export function describeService(
  name: string,
  artifact: Artifact | undefined,
  operations: readonly Operation[],
  maxBodyBytes: number,
): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = describeOperation(operation, maxBodyBytes);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: name,
      version: artifact === undefined ? "0" : hexOf(artifact.digest, 12),
      ...(artifact !== undefined && {
        description: `Model ${artifact.digest}, trained on dataset ${artifact.lineage.dataset.digest}.`,
      }),
    },
    servers: [{ url: "." }],
    paths,
    components: {
      schemas: {
        Problem: {
          type: "object",
          description: "An error (RFC 9457): what was seen, what was wanted, and the next step.",
          required: ["type", "title", "status", "detail", "instance", "code", "mend", "wanted"],
          properties: {
            type: { type: "string", format: "uri-reference" },
            title: { type: "string" },
            status: { type: "integer", minimum: 400, maximum: 599 },
            detail: { type: "string" },
            instance: { type: "string", format: "uri-reference" },
            code: { type: "string", enum: listProblems().map(({ code }) => code) },
            mend: { type: "string" },
            wanted: { type: "string" },
          },
        },
      },
      headers: {
        ModelDigest: { description: "Digest of the model that answered.", schema: { type: "string" } },
        RequestId: { description: "The caller's own, or a new one.", schema: { type: "string" } },
      },
    },
  };
}

function describeOperation(operation: Operation, maxBodyBytes: number): object {
  const { method, path, summary, field, body, query, answer, errors } = operation;
  const headers = {
    "x-model-digest": { $ref: "#/components/headers/ModelDigest" },
    "x-request-id": { $ref: "#/components/headers/RequestId" },
  };
  const { contentType, schema, example } = answer;
  const { contentType: errorType, schema: errorSchema } = errors ?? {
    contentType: "application/problem+json",
    schema: problemRef,
  };
  const problem = { description: "Problem", headers, content: { [errorType]: { schema: errorSchema } } };
  const asks = field !== undefined || body !== undefined;
  return {
    operationId:
      `${method.toLowerCase()}${path.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase())}` ||
      "root",
    summary,
    ...(field !== undefined && { requestBody: describeUpload(field, maxBodyBytes) }),
    ...(body !== undefined && { requestBody: describeBody(body) }),
    ...(query !== undefined && { parameters: describeQuery(query) }),
    responses: {
      200: {
        description: "Answer",
        headers,
        content: { [contentType]: { schema, ...(example !== undefined && { example }) } },
      },
      ...(asks && { 400: problem, 413: problem, 415: problem, 422: problem, 503: problem }),
      default: problem,
    },
  };
}

function describeBody({ contentType, schema, example }: BodyDescription): object {
  return { required: true, content: { [contentType]: { schema, ...(example !== undefined && { example }) } } };
}

function describeQuery(query: Readonly<Record<string, string>>): object[] {
  return Object.entries(query).map(([name, description]) => ({
    name,
    in: "query",
    description,
    schema: { type: "string" },
  }));
}

function describeUpload(field: string, maxBodyBytes: number): object {
  return {
    required: true,
    description: `A form of at most ${maxBodyBytes} bytes.`,
    content: {
      "multipart/form-data": {
        schema: {
          type: "object",
          required: [field],
          properties: { [field]: { type: "string", format: "binary", description: "A JPEG, PNG or WebP file." } },
        },
        encoding: { [field]: { contentType: "image/jpeg, image/png, image/webp" } },
      },
    },
  };
}
