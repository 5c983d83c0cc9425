import { hostname } from "node:os";
import { defineProject, json, refuse, route } from "slipway";

export default defineProject({
  name: "{{name}}",
  serve: {
    port: 5000,
    routes: {
      "GET /hello": route({
        summary: "Says who asked, and which machine answers",
        handle: ({ client }) => ({ message: `Hello ${client}, you've reached ${hostname()}` }),
      }),
      "POST /score": route({
        summary: "The sum of each row",
        example: { score: [3, 7] },
        input: json(readRows),
        handle: ({ input }) => ({ score: input.map(sum) }),
      }),
    },
    // The same for callers of KServe's V1 and Seldon's paths: /v1/models/{{name}}:predict, /api/v1.0/predictions.
    predict: ({ rows }) => ({ names: ["score"], rows: readRows({ rows }).map((row) => [sum(row)]) }),
  },
});

/** `{"rows":[[1,2],[3,4]]}`. What is thrown here is a 400 with these words. */
function readRows(body: unknown): number[][] {
  const { rows } = (body ?? {}) as { rows?: unknown };
  const isRow = (row: unknown): row is number[] => Array.isArray(row) && row.every(Number.isFinite);
  if (!Array.isArray(rows) || !rows.every(isRow))
    throw refuse("rows are missing or not of numbers", { wanted: '{"rows":[[1,2],[3,4]]}' });
  return rows;
}

function sum(row: readonly number[]): number {
  return row.reduce((total, value) => total + value, 0);
}
