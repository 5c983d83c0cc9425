import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { findSlipwayError } from "../../base/errors.ts";
import { waitForModel } from "./wait-for-model.ts";

let server: Server | undefined;
afterEach(() => server?.close());
const signal = new AbortController().signal;

/** Answers one after the other; the last again and again. */
async function serve(
  answers: readonly [status: number, digest: string][],
): Promise<{ url: string; count: () => number }> {
  let count = 0;
  server = createServer((_, response) => {
    const [status, digest] = answers[Math.min(count++, answers.length - 1)]!;
    response.writeHead(status, { "x-model-digest": digest }).end();
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, count: () => count };
}

test("a pod of the release before, or one that leaves, begins the count anew", async () => {
  const { url, count } = await serve([
    [200, "new"],
    [200, "old"],
    [200, "new"],
    [503, "new"],
    [200, "new"],
  ]);
  await waitForModel(url, { digest: "new", times: 3, patienceMs: 10_000, signal });
  expect(count()).toBe(7);
});

test("without a model any ready answer will do", async () => {
  const { url, count } = await serve([[200, ""]]);
  await waitForModel(url, { digest: undefined, times: 2, patienceMs: 10_000, signal });
  expect(count()).toBe(2);
});

test("what answers to the end is told", async () => {
  const { url } = await serve([[200, "old"]]);
  const error: unknown = await waitForModel(url, { digest: "new", times: 1, patienceMs: 0, signal }).catch(
    (thrown: unknown) => thrown,
  );
  expect(findSlipwayError(error)?.code).toBe("SLIPWAY_WAY_MODEL_NOT_REACHED");
  expect(findSlipwayError(error)?.message).toContain("answered 200 from old");
});
