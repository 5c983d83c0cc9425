import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { putModel, putTurnedModel } from "../../../src/serve/_fixture.ts";
import { startLoad } from "./_load.ts";
import { startProcess } from "./_process.ts";

interface Refreshed {
  digest: string;
  changed: boolean;
  previous?: string;
}

test("five models are exchanged under load: no request fails, and each answer is of the model it names", async () => {
  const server = await startProcess();
  const turns = new Map<string, number>([[(await server.stores.store.get("digits")).digest, 0]]);
  const load = startLoad(server.port, 24, (digest) => turns.get(digest) ?? Number.NaN);
  for (const turn of [1, 2, 3, 4]) {
    await delay(150);
    const { digest } = await putTurnedModel(server.stores.store, turn);
    turns.set(digest, turn);
    const response = await fetch(`${server.url}/refresh`, { method: turn % 2 === 0 ? "GET" : "POST" });
    expect(await response.json()).toMatchObject({ digest, changed: true });
    expect(response.headers.get("x-model-digest")).toBe(digest);
  }
  await delay(150);
  const tally = await load.stop();
  expect(tally.lost).toEqual([]);
  expect(tally.wrong).toEqual([]);
  expect([...tally.digests].toSorted()).toEqual([...turns.keys()].toSorted());
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics.match(/^slipway_model_info\{.*$/gm)).toHaveLength(1);
});

test("refreshes that come together are done one after the other", async () => {
  const server = await startProcess();
  const { digest } = await putTurnedModel(server.stores.store, 5);
  const answers = await Promise.all(
    Array.from({ length: 4 }, async () => (await (await fetch(`${server.url}/refresh`)).json()) as Refreshed),
  );
  expect(answers.map((answer) => answer.digest)).toEqual([digest, digest, digest, digest]);
  expect(answers.filter(({ changed }) => changed)).toHaveLength(1);
});

test("a model that does not load leaves the one before it serving", async () => {
  const server = await startProcess();
  const { store } = server.stores;
  const before = await store.get("digits");
  await putModel(store, Buffer.from("no ONNX at all"), before.signature);
  const refused = await fetch(`${server.url}/refresh`);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({
    code: "SLIPWAY_SERVE_REFRESH_FAILED",
    detail: expect.stringContaining("still serves") as string,
  });
  const load = startLoad(server.port, 4, () => 0);
  await delay(50);
  const tally = await load.stop();
  expect([tally.wrong, tally.lost]).toEqual([[], []]);
  expect([...tally.digests]).toEqual([before.digest]);
  await store.setAlias("digits", "champion", before.digest);
  expect(await (await fetch(`${server.url}/refresh`)).json()).toMatchObject({ changed: false });
});
