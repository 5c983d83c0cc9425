import { expect, test } from "vitest";
import { chooseThreads } from "./threads.ts";

const MiB = 1 << 20;

test.each([
  { cores: 1, memory: 8192, model: 1, threads: 1, why: "one core" },
  { cores: 2, memory: 8192, model: 1, threads: 1, why: "a core is left for the callers" },
  { cores: 4, memory: 8192, model: 1, threads: 3, why: "the rest run the model" },
  { cores: 64, memory: 8192, model: 1, threads: 4, why: "more would not help the callers' one core" },
  { cores: 64, memory: 200, model: 1, threads: 2, why: "a container of 200 MiB on a large node" },
  { cores: 64, memory: 64, model: 1, threads: 1, why: "one there must be" },
  { cores: 64, memory: 1024, model: 200, threads: 1, why: "a large model" },
  { cores: 64, memory: 4096, model: 400, threads: 3, why: "as many as there is room for" },
])("$cores cores, $memory MiB, a model of $model MiB: $threads ($why)", ({ cores, memory, model, threads }) => {
  expect(chooseThreads(model * MiB, { cores, memory: memory * MiB })).toBe(threads);
});

test("the means are this machine's, or its container's", () => {
  expect(chooseThreads(0)).toBeGreaterThanOrEqual(1);
  expect(chooseThreads(Number.MAX_SAFE_INTEGER)).toBe(1);
});
