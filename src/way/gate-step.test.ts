import { labelAudit } from "../data/audit/define.ts";
import type { LabelAuditor } from "./audit/gate.ts";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openStore } from "../artifact/store/layout.ts";
import type { Artifact, Store } from "../artifact/types.ts";
import { digestOf } from "../base/digest.ts";
import { artifactStep } from "./artifact-step.ts";
import { describeVerdict, findChampion, gateStep } from "./gate-step.ts";

const home = realpathSync(mkdtempSync(join(tmpdir(), "slipway-gate-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));

let count = 0;
const newStore = (): Promise<Store> => openStore(join(home, String(count++)));

function put(store: Store, accuracy: number, seed = 1): Promise<Artifact> {
  const digest = digestOf(String(accuracy));
  return store.put({
    name: "digits",
    model: new TextEncoder().encode(`model ${accuracy}`),
    signature: {
      inputs: [{ name: "pixels", datatype: "UINT8", shape: [-1, 2, 2, 1] }],
      outputs: [{ name: "probabilities", datatype: "FP32", shape: [-1, 2] }],
    },
    lineage: {
      inputs: digest,
      dataset: { digest: digestOf("data"), count: 4, labels: { a: 2, b: 2 } },
      code: digestOf("code"),
      trainer: "sequential",
      parameters: {},
      seed,
      metrics: { accuracy },
      history: [],
      versions: {},
      startedAt: "2026-01-01T00:00:00Z",
      durationSeconds: 1,
    },
  });
}

const gate = { accuracy: { atLeast: 0.9, notWorseThanChampionBy: 0.01 } };

test("the first model is held against the limits alone, then it reigns", async () => {
  const store = await newStore();
  const first = await put(store, 0.95);
  const judged = await gateStep({ name: "digits", gate }, first, store);
  expect(describeVerdict(judged)).toBe("accuracy 0.95 ≥ 0.9 · no champion yet");
  const promoted = await artifactStep(store, first, judged.champion);
  expect(promoted).toMatchObject({ moved: true, artifact: { aliases: ["champion"] } });

  const again = await gateStep({ name: "digits", gate }, first, store);
  expect(describeVerdict(again)).toBe("accuracy 0.95 ≥ 0.9 · it is the champion");
  expect(await artifactStep(store, first, again.champion)).toMatchObject({ moved: false });
});

test("a better model is told beside the champion", async () => {
  const store = await newStore();
  await artifactStep(store, await put(store, 0.95), undefined);
  const next = await put(store, 0.96);
  expect(describeVerdict(await gateStep({ name: "digits", gate }, next, store))).toBe(
    "accuracy 0.96 ≥ 0.9 · champion 0.95",
  );
  const compared = { accuracy: { notWorseThanChampionBy: 0.01 } };
  expect(describeVerdict(await gateStep({ name: "digits", gate: compared }, next, store))).toBe(
    "accuracy 0.96 ≥ 0.94 (champion 0.95)",
  );
});

test("a champion whose figures are of other rows is told so, and why it was not asked about these", async () => {
  const store = await newStore();
  await artifactStep(store, await put(store, 0.95), undefined);
  const next = await put(store, 0.96, 2);
  const measure = (reason: string) => async () => ({ reason });
  const line = async (by: Parameters<typeof gateStep>[0]["gate"], reason: string) =>
    describeVerdict(await gateStep({ name: "digits", gate: by! }, next, store, { measure: measure(reason) }));
  expect(await line(gate, "it was trained on 60 of these 60")).toBe(
    "accuracy 0.96 ≥ 0.9 · champion 0.95 · its figures are of other rows (not asked about these: it was trained on 60 of these 60)",
  );
  const labels = Array.from({ length: 21 }, (_, at) => `label${at}`).join(", ");
  const long = await line({ accuracy: { betterThanChampionBy: 0.1 } }, `its labels are ${labels}\nand more`);
  expect(long).toMatch(/^accuracy 0\.96 < 1\.05 \(champion 0\.95\) · .* its labels are label0, .{0,60}…\)$/);
  expect(describeVerdict(await gateStep({ name: "digits", gate }, next, store))).toBe(
    "accuracy 0.96 ≥ 0.9 · champion 0.95 · its figures are of other rows",
  );
  // Where nothing is compared it does not matter.
  expect(await line({ accuracy: { atLeast: 0.9 } }, "its labels are others")).toBe("accuracy 0.96 ≥ 0.9");
});

test("a worse model does not pass, and the champion stays", async () => {
  const store = await newStore();
  const first = await put(store, 0.95);
  await artifactStep(store, first, undefined);
  const { verdict } = await gateStep({ name: "digits", gate }, await put(store, 0.93), store);
  expect(verdict.passed).toBe(false);
  expect((await findChampion(store, "digits"))?.digest).toBe(first.digest);
});

test("a champion that falls below a new limit is held back too", async () => {
  const store = await newStore();
  const first = await put(store, 0.95);
  await artifactStep(store, first, undefined);
  const { verdict } = await gateStep({ name: "digits", gate: { accuracy: { atLeast: 0.97 } } }, first, store);
  expect(verdict.checks.map(({ text }) => text)).toEqual(["accuracy 0.95 < 0.97"]);
});

test("without limits everything passes, and the line says so", async () => {
  const store = await newStore();
  expect(describeVerdict(await gateStep({ name: "digits" }, await put(store, 0.1), store))).toBe(
    "no limits set · no champion yet",
  );
});

test("findings of the audit hold a model back; an audit that throws is named", async () => {
  const store = await newStore();
  const model = await put(store, 0.95);
  const { verdict } = await gateStep(
    { name: "digits", audit: ({ dataset }) => [`${dataset.count} rows are few`] },
    model,
    store,
  );
  expect(verdict).toMatchObject({ passed: false, checks: [{ rule: "audit", text: "audit: 4 rows are few" }] });
  const audit = () => {
    throw new Error("no file");
  };
  await expect(gateStep({ name: "digits", audit }, model, store)).rejects.toMatchObject({
    code: "SLIPWAY_WAY_AUDIT_THREW",
    message: "the audit of digits threw: no file",
  });
});

test("a declared audit of labels runs where the data are, and not for the champion itself", async () => {
  const store = await newStore();
  const model = await put(store, 0.95);
  const definition = { name: "digits", audit: labelAudit({ folds: 3 }) };
  const asked: number[] = [];
  const auditor: LabelAuditor = async ({ folds }) => {
    asked.push(folds);
    return ["6 and 9 look exchanged"];
  };
  const { verdict } = await gateStep(definition, model, store, { audit: auditor });
  expect(verdict).toMatchObject({ passed: false, checks: [{ text: "audit: 6 and 9 look exchanged" }] });
  await artifactStep(store, model, undefined);
  expect((await gateStep(definition, model, store, { audit: auditor })).verdict.passed).toBe(true);
  expect(asked).toEqual([3]);
  await expect(gateStep(definition, await put(store, 0.96), store)).rejects.toThrow("they are not here");
});

test("a champion that somebody else moved meanwhile is not overwritten", async () => {
  const store = await newStore();
  const [first, second] = [await put(store, 0.95), await put(store, 0.96)];
  await artifactStep(store, first, undefined);
  await expect(artifactStep(store, second, undefined)).rejects.toMatchObject({ code: "SLIPWAY_ARTIFACT_ALIAS_MOVED" });
  expect((await findChampion(store, "digits"))?.digest).toBe(first.digest);
});
