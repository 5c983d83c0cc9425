import { expect, onTestFinished, test } from "vitest";
import { sendJson, startFakeApi } from "../../deploy/cluster/_fake-api.ts";
import { openCluster } from "../../deploy/cluster/open.ts";
import { printJobEvent } from "../job/events.ts";
import { findReign } from "./reign.ts";

interface Run {
  inputs: string;
  phase: "Succeeded" | "Failed" | "Running";
  ended?: string;
  /** Undefined: its node is gone, and its log with it. */
  log?: string;
}

const resources = [{ name: "pods", kind: "Pod", namespaced: true, verbs: ["list"] }];
const step = '{"type":"step","step":"gate","outcome":"done","text":"accuracy 0.9","seconds":0,"facts":{}}';
const result = (digest: string): string =>
  printJobEvent({ type: "result", digest, artifact: { name: "digits", digest } as never, trained: true, inputs: "x" });

/** A cluster with these pods, named by their inputs. */
async function makeCluster(runs: readonly Run[]) {
  const pods = runs.map(({ inputs, phase, ended }) => ({
    metadata: { name: inputs, namespace: "ml", uid: inputs, annotations: { "slipway.dev/inputs": inputs } },
    spec: { containers: [{ name: "trainer" }] },
    status: {
      phase,
      containerStatuses: [{ name: "trainer", state: ended === undefined ? {} : { terminated: { finishedAt: ended } } }],
    },
  }));
  const api = await startFakeApi((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    if (pathname === "/version") return;
    if (pathname === "/api/v1") return sendJson(response, 200, { resources });
    if (pathname === "/readyz") return void response.end("ok");
    if (pathname.endsWith("/pods")) return sendJson(response, 200, { metadata: { resourceVersion: "1" }, items: pods });
    const [, name] = /\/pods\/([^/]+)\/log$/.exec(pathname) ?? [];
    const log = runs.find(({ inputs }) => inputs === name)?.log;
    if (log === undefined) return sendJson(response, 404, { message: "no such log", reason: "NotFound" });
    response.end(`${log.replaceAll(/^/gm, "2026-01-01T00:00:00.000000000Z ")}\n`);
  });
  const cluster = await openCluster({ context: "test", kubeconfig: api.kubeconfig });
  onTestFinished(async () => {
    cluster.close();
    await api[Symbol.asyncDispose]();
  });
  return { cluster, namespace: "ml", api };
}

test("whoever was judged last says who reigns, of whichever Job it is", async () => {
  const place = await makeCluster([
    { inputs: "old", phase: "Succeeded", ended: "2026-01-01T00:01:00Z", log: result("one") },
    { inputs: "new", phase: "Succeeded", ended: "2026-01-01T00:03:00Z", log: `words\n${step}\n${result("three")}` },
    { inputs: "middle", phase: "Succeeded", ended: "2026-01-01T00:02:00Z", log: result("two") },
  ]);
  expect(await findReign(place, "digits")).toMatchObject({
    inputs: "new",
    result: { digest: "three", artifact: { name: "digits" } },
    told: [{ step: "gate", text: "accuracy 0.9" }],
  });
  const [asked = ""] = place.api.seen.filter((line) => line.includes("/namespaces/ml/pods?"));
  expect(decodeURIComponent(asked)).toContain("slipway.dev/project=digits,app.kubernetes.io/component=trainer");
});

test("runs that say nothing of it are passed over: held back, going on, one of several experiments, without a log", async () => {
  const error = '{"type":"error","code":"SLIPWAY_ARTIFACT_GATE_FAILED","message":"","mend":"","exit":4}';
  const place = await makeCluster([
    { inputs: "told", phase: "Succeeded", ended: "2026-01-01T00:01:00Z", log: result("one") },
    { inputs: "held", phase: "Failed", ended: "2026-01-01T00:02:00Z", log: error },
    { inputs: "experiment", phase: "Succeeded", ended: "2026-01-01T00:03:00Z", log: step },
    { inputs: "lost", phase: "Succeeded", ended: "2026-01-01T00:04:00Z" },
    { inputs: "running", phase: "Running", log: step },
  ]);
  expect(await findReign(place, "digits")).toMatchObject({ inputs: "told", result: { digest: "one" } });
});

test("where no log is left, nobody knows", async () => {
  const place = await makeCluster([{ inputs: "lost", phase: "Succeeded", ended: "2026-01-01T00:04:00Z" }]);
  expect(await findReign(place, "digits")).toBeUndefined();
});
