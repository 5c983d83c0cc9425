import { describe, expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { exitCodes } from "../base/errors.ts";
import { lineage } from "./fixtures/sample.ts";
import { judge, toGateError, type GateSubject, type MetricGate } from "./gate.ts";
import type { Lineage } from "./types.ts";

const run = (metrics: Record<string, number>, changes: Partial<Lineage> = {}) => ({ ...lineage, metrics, ...changes });
const champion = (metrics: Record<string, number>, changes: Partial<Lineage> = {}) => ({
  lineage: run(metrics, changes),
});
const subject = (
  gate: Record<string, MetricGate>,
  metrics: Record<string, number>,
  more: Partial<GateSubject> = {},
): GateSubject => ({
  gate,
  lineage: run(metrics),
  champion: undefined,
  ...more,
});

describe("judge", () => {
  test.each<[string, MetricGate, number, boolean, string]>([
    ["at the floor", { atLeast: 0.98 }, 0.98, true, "accuracy 0.98 ≥ 0.98"],
    ["above the floor", { atLeast: 0.98 }, 0.9873, true, "accuracy 0.9873 ≥ 0.98"],
    ["below the floor", { atLeast: 0.98 }, 0.9712, false, "accuracy 0.9712 < 0.98"],
    ["so little below that rounding would hide it", { atLeast: 0.98 }, 0.979999, false, "accuracy 0.979999 < 0.98"],
    ["at the ceiling", { atMost: 0.1 }, 0.1, true, "accuracy 0.1 ≤ 0.1"],
    ["above the ceiling", { atMost: 0.1 }, 0.25, false, "accuracy 0.25 > 0.1"],
    ["no rule but that it is measured", {}, 0.5, true, "accuracy 0.5"],
    ["not a number", { atLeast: 0.98 }, NaN, false, "accuracy is NaN, not a number to judge"],
    ["infinite", { atLeast: 0.98 }, Infinity, false, "accuracy is Infinity, not a number to judge"],
  ])("%s", (_case, rules, value, passed, text) => {
    const verdict = judge(subject({ accuracy: rules }, { accuracy: value }));
    expect(verdict).toMatchObject({ passed, checks: [{ metric: "accuracy", value, passed, text }] });
  });

  test("a run that is not better by enough passes, and the champion stays", () => {
    const rules = { accuracy: { atLeast: 0.4, betterThanChampionBy: 0.01 }, loss: { betterThanChampionBy: 0.1 } };
    const judged = (metrics: Record<string, number>) =>
      judge(subject(rules, metrics, { champion: champion({ accuracy: 0.52, loss: 0.7 }) }));
    const close = judged({ accuracy: 0.525, loss: 0.5 });
    expect(close).toMatchObject({ passed: true, keepsChampion: true });
    expect(close.checks.map(({ text }) => text)).toContain("accuracy 0.525 < 0.53 (champion 0.52)");
    expect(judged({ accuracy: 0.53, loss: 0.6 })).not.toHaveProperty("keepsChampion");
    expect(judged({ accuracy: 0.6, loss: 0.65 })).toMatchObject({ passed: true, keepsChampion: true });
    expect(judged({ accuracy: 0.3, loss: 0.1 })).toMatchObject({ passed: false });
    expect(toGateError("x", judged({ accuracy: 0.3, loss: 0.1 })).message).not.toContain("champion");
    expect(judge(subject(rules, { accuracy: 0.5, loss: 1 }))).toMatchObject({ passed: true });
  });

  test("a metric that was not measured fails, and the measured ones are named", () => {
    expect(judge(subject({ f1: { atLeast: 0.9 } }, { accuracy: 0.99, loss: 0.1 }))).toEqual({
      passed: false,
      checks: [
        {
          metric: "f1",
          rule: "measured",
          passed: false,
          text: "f1 was not measured (the run measured accuracy, loss)",
        },
      ],
      notComparable: undefined,
    });
  });

  test("every rule of every metric is a check of its own", () => {
    const verdict = judge(
      subject({ accuracy: { atLeast: 0.9, atMost: 0.999 }, loss: { atMost: 0.1 } }, { accuracy: 0.95, loss: 0.2 }),
    );
    expect(verdict.passed).toBe(false);
    expect(verdict.checks.map(({ text, passed }) => [text, passed])).toEqual([
      ["accuracy 0.95 ≥ 0.9", true],
      ["accuracy 0.95 ≤ 0.999", true],
      ["loss 0.2 > 0.1", false],
    ]);
  });

  test("an empty gate lets everything pass", () => {
    expect(judge(subject({}, {}))).toEqual({ passed: true, checks: [], notComparable: undefined });
  });
});

describe("compared with the champion", () => {
  const by = (share: number, more: MetricGate = {}) => ({ notWorseThanChampionBy: share, ...more });

  test.each<[string, MetricGate, number, number, boolean, string]>([
    ["better", by(0.005), 0.99, 0.987, true, "accuracy 0.99 ≥ 0.982 (champion 0.987)"],
    ["as much worse as allowed, to the bit", by(0.005), 0.982, 0.987, true, "accuracy 0.982 ≥ 0.982 (champion 0.987)"],
    ["too much worse", by(0.005), 0.981, 0.987, false, "accuracy 0.981 < 0.982 (champion 0.987)"],
    ["equal, nothing allowed", by(0), 0.987, 0.987, true, "accuracy 0.987 ≥ 0.987 (champion 0.987)"],
    ["a number that the champion lacks", by(0.005), 0.5, NaN, true, "accuracy 0.5, not measured for the champion"],
  ])("%s", (_case, rules, value, its, passed, text) => {
    const verdict = judge(subject({ accuracy: rules }, { accuracy: value }, { champion: champion({ accuracy: its }) }));
    expect(verdict).toMatchObject({ passed, checks: [{ rule: "notWorseThanChampionBy", passed, text }] });
  });

  test.each<[string, MetricGate]>([
    ["loss", by(0.01)],
    ["validationLoss", by(0.01)],
    ["rmse", by(0.01)],
    ["badness", by(0.01, { atMost: 1 })],
    ["badness", by(0.01, { better: "lower" })],
  ])("%s is better when lower", (metric, rules) => {
    const against = (value: number) =>
      judge(subject({ [metric]: rules }, { [metric]: value }, { champion: champion({ [metric]: 0.2 }) })).passed;
    expect([0.1, 0.21, 0.22].map(against)).toEqual([true, true, false]);
  });

  test("the name's guess can be overruled", () => {
    const loss = { loss: by(0.01, { better: "higher" }) };
    expect(judge(subject(loss, { loss: 0.3 }, { champion: champion({ loss: 0.2 }) })).passed).toBe(true);
  });

  test("without a champion there is nothing to fall behind", () => {
    expect(judge(subject({ accuracy: by(0.005) }, { accuracy: 0.1 })).checks[0]?.text).toBe(
      "accuracy 0.1, no champion yet",
    );
  });

  test.each<[string, Partial<Lineage>, string]>([
    ["the same", {}, "compares"],
    ["another dataset", { dataset: { ...lineage.dataset, digest: digestOf("more") } }, "another dataset)"],
    ["another seed", { seed: 2 }, "another seed)"],
    [
      "all of it",
      { dataset: { ...lineage.dataset, digest: digestOf("more") }, seed: 2, parameters: {} },
      "another dataset and seed and share kept for validation)",
    ],
  ])("says when its numbers were taken on other data: %s", (_case, changes, text) => {
    const { notComparable } = judge(subject({}, {}, { champion: champion({}, changes) }));
    expect(notComparable ?? "compares").toContain(text);
  });

  test("numbers measured anew on this run's data go before those of its lineage, and compare", () => {
    const its = champion({ accuracy: 0.999 }, { seed: 2 });
    const verdict = judge(
      subject(
        { accuracy: by(0) },
        { accuracy: 0.98 },
        { champion: its, anew: { metrics: { accuracy: 0.97 }, rows: 60, of: 60 } },
      ),
    );
    expect(verdict).toMatchObject({
      passed: true,
      checks: [{ champion: 0.97, wanted: 0.97, text: "accuracy 0.98 ≥ 0.97 (champion 0.97 on the same rows)" }],
      notComparable: undefined,
    });
  });

  test("on rows of which it was trained on some, both are held on the others", () => {
    const its = champion({ accuracy: 0.999 }, { seed: 2 });
    const anew = { metrics: { accuracy: 0.95 }, candidate: { accuracy: 0.94 }, rows: 40, of: 200 };
    const gate = { accuracy: { atLeast: 0.98, ...by(0) } };
    expect(judge(subject(gate, { accuracy: 0.98 }, { champion: its, anew }))).toMatchObject({
      passed: false,
      checks: [
        { passed: true, value: 0.98 },
        {
          passed: false,
          value: 0.94,
          text: "accuracy 0.94 < 0.95 (champion 0.95 on the same 40 rows, which it was not trained on)",
        },
      ],
      notComparable: undefined,
    });
  });

  test("a figure that is not measured anew stays that of the lineage, and what it is of is said", () => {
    const its = champion({ accuracy: 0.9, f1: 0.8 }, { seed: 2 });
    const anew = { metrics: { accuracy: 0.97 }, rows: 60, of: 60 };
    const verdict = judge(subject({ f1: by(0) }, { accuracy: 0.98, f1: 0.9 }, { champion: its, anew }));
    expect(verdict.checks[0]?.text).toBe("f1 0.9 ≥ 0.8 (champion 0.8)");
    expect(verdict.notComparable).toContain("another seed");
  });

  test("says why it could not be asked about the new rows", () => {
    const its = champion({ accuracy: 0.9 }, { seed: 2 });
    const verdict = judge(
      subject({ accuracy: by(0) }, { accuracy: 0.98 }, { champion: its, anew: { reason: "its labels are a, b" } }),
    );
    expect(verdict.notComparable).toMatch(
      /\(another seed\), so .* roughly; it cannot be asked about the new rows: its labels are a, b$/,
    );
  });
});

describe("the audit", () => {
  test("each finding fails the gate", () => {
    const verdict = judge(subject({}, {}, { findings: ["label 7 has 3 images", "12 duplicates"] }));
    expect(verdict).toMatchObject({
      passed: false,
      checks: [
        { rule: "audit", text: "audit: label 7 has 3 images" },
        { rule: "audit", text: "audit: 12 duplicates" },
      ],
    });
  });

  test("an audit that found nothing is shown as passed; none at all is not shown", () => {
    expect(judge(subject({}, {}, { findings: [] })).checks).toMatchObject([{ metric: "audit", passed: true }]);
    expect(judge(subject({}, {})).checks).toEqual([]);
  });
});

describe("toGateError", () => {
  test("says which numbers fell short, and nothing of those that did not", () => {
    const verdict = judge(
      subject(
        { accuracy: { atLeast: 0.98 }, loss: { atMost: 0.1 } },
        { accuracy: 0.97, loss: 0.01 },
        { findings: ["12 duplicates"] },
      ),
    );
    expect(toGateError("digits", verdict)).toMatchObject({
      code: "SLIPWAY_ARTIFACT_GATE_FAILED",
      exit: exitCodes.gate,
      message: "the gate holds digits back: accuracy 0.97 < 0.98; audit: 12 duplicates",
    });
  });

  test("adds that the champion was measured on other data, where that decided", () => {
    const its = champion({ accuracy: 0.99 }, { seed: 2 });
    const verdict = judge(subject({ accuracy: { notWorseThanChampionBy: 0 } }, { accuracy: 0.98 }, { champion: its }));
    expect(toGateError("digits", verdict).message).toBe(
      "the gate holds digits back: accuracy 0.98 < 0.99 (champion 0.99); the champion was measured on other validation data (another seed), so the two numbers compare only roughly",
    );
  });
});
