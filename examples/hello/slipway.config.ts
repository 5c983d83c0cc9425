import { hostname } from "node:os";
import { defineProject, json, refuse, route } from "slipway";

const score = route({
  summary: "Gives back what it got, where a model's score would be",
  example: { score: [1, 2] },
  input: json((body) => {
    const { X } = (body ?? {}) as { X?: unknown };
    if (!Array.isArray(X)) throw refuse("X is missing or no list", { wanted: '{"X":[1,2]}' });
    return X as unknown[];
  }),
  handle: ({ input }) => ({ score: input }),
});

const greet = route({
  summary: "Says who asked, and which machine answers",
  example: { message: "Hello 203.0.113.7, you've reached hello-7c9f" },
  handle: ({ client }) => ({ message: `Hello ${client}, you've reached ${hostname()}` }),
});

export default defineProject({
  name: "hello",
  serve: {
    port: 5000,
    routes: { "GET /test_api": greet, "POST /score": score },
    // The same for Seldon's and KServe's callers: rows in, rows out.
    predict: ({ names, rows }) => ({ names, rows }),
  },
  deploy: {
    replicas: 2,
    expose: "loadBalancer",
    resources: { cpu: "100m", memory: "128Mi" },
  },
});
