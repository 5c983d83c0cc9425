/** @file The checks between a run and an alias. Pure: the audit has run before, its findings are values here. */
import { gateFailed } from "./errors.ts";
import type { SlipwayError } from "../base/errors.ts";
import type { Artifact, Lineage } from "./types.ts";

/** A floor or ceiling for one metric, and how much worse than the champion it may be. */
export interface MetricGate {
  atLeast?: number;
  atMost?: number;
  /** In the metric's own unit: 0.005 lets an accuracy fall from 0.987 to 0.982. */
  notWorseThanChampionBy?: number;
  /**
   * In the metric's own unit. A run that is not better than the champion by so much passes the gate, but the champion stays: what a training
   * by the clock wants, where most runs bring nothing new.
   */
  betterThanChampionBy?: number;
  /**
   * Which way is worse. Without it: metrics with a ceiling and no floor, and those whose name ends in loss, error, mae, mse,
   * rmse, perplexity, latency, seconds or ms, are better when lower; all others when higher.
   */
  better?: "higher" | "lower";
}

/** Looks at the dataset before the alias moves; findings fail the gate. */
export type Audit = (subject: {
  dataset: Lineage["dataset"];
  champion: Artifact | undefined;
}) => Promise<readonly string[]> | readonly string[];

/** A champion asked about a run's validation rows, or why it cannot be asked. */
export type ChampionAnew =
  | {
      metrics: Readonly<Record<string, number>>;
      /** Validation rows that it was measured on, of so many: those that it had been trained on tell nothing. */
      rows: number;
      of: number;
      /** The run's own metrics on these rows alone, where they are not all. */
      candidate?: Readonly<Record<string, number>>;
    }
  | { reason: string };

export interface GateSubject {
  /** The run that wants the alias. */
  lineage: Pick<Lineage, "metrics" | "dataset" | "seed" | "parameters">;
  gate: Readonly<Record<string, MetricGate>>;
  champion: Pick<Artifact, "lineage"> | undefined;
  /** The champion measured anew on this run's validation data; its metrics go before those of its lineage. */
  anew?: ChampionAnew;
  /** What the audit found; undefined where there is none. */
  findings?: readonly string[];
}

export interface GateCheck {
  /** The metric's name, or `audit`. */
  metric: string;
  rule: "measured" | "atLeast" | "atMost" | "notWorseThanChampionBy" | "betterThanChampionBy" | "audit";
  /** Missing where the run did not measure it. */
  value?: number;
  /** The limit that the value is held against; missing for `measured` and `audit`, and where there is no champion to compare with. */
  wanted?: number;
  /** The champion's value. */
  champion?: number;
  /** The champion's value, and this one, are of the same rows: so many of those that the run was validated on. */
  sameRows?: { rows: number; of: number };
  passed: boolean;
  /** One line for people: `accuracy 0.97 < 0.98`. */
  text: string;
}

export interface Verdict {
  /** No check failed, but for those that only say that the champion stays. */
  passed: boolean;
  /** Not better than the champion by as much as `betterThanChampionBy` asks. */
  keepsChampion?: true;
  checks: readonly GateCheck[];
  /** Why the champion's numbers were taken on other validation data than this run's; undefined where they compare (or there is no champion). */
  notComparable: string | undefined;
}

/** Judges a run. A metric that is missing, NaN or infinite fails. */
export function judge(subject: GateSubject): Verdict {
  const checks = Object.entries(subject.gate).flatMap(([metric, rules]) => judgeMetric(metric, rules, subject));
  const audited = subject.findings === undefined ? [] : judgeAudit(subject.findings);
  const all = [...checks, ...audited];
  const failed = all.filter(({ passed }) => !passed);
  const keeps = failed.some(({ rule }) => rule === "betterThanChampionBy");
  return {
    passed: failed.every(({ rule }) => rule === "betterThanChampionBy"),
    ...(keeps && { keepsChampion: true as const }),
    checks: all,
    notComparable: explainDifference(subject),
  };
}

/** The error for a verdict that did not pass; its message says which number fell short. */
export function toGateError(name: string, { checks, notComparable }: Verdict): SlipwayError {
  const failed = checks.filter(({ rule, passed }) => !passed && rule !== "betterThanChampionBy");
  const compared = failed.some(({ rule }) => rule === "notWorseThanChampionBy");
  return gateFailed({
    name,
    reasons: [...failed.map(({ text }) => text), ...(compared && notComparable ? [notComparable] : [])],
  });
}

function judgeMetric(metric: string, rules: MetricGate, subject: GateSubject): GateCheck[] {
  const value = subject.lineage.metrics[metric];
  if (value === undefined || !Number.isFinite(value)) {
    const measured = Object.keys(subject.lineage.metrics).join(", ") || "nothing";
    const text =
      value === undefined
        ? `${metric} was not measured (the run measured ${measured})`
        : `${metric} is ${value}, not a number to judge`;
    return [{ metric, rule: "measured", ...(value !== undefined && { value }), passed: false, text }];
  }
  const checks: GateCheck[] = [];
  const { atLeast, atMost, notWorseThanChampionBy, betterThanChampionBy } = rules;
  if (atLeast !== undefined)
    checks.push({ metric, rule: "atLeast", value, wanted: atLeast, ...hold(metric, value, "higher", atLeast) });
  if (atMost !== undefined)
    checks.push({ metric, rule: "atMost", value, wanted: atMost, ...hold(metric, value, "lower", atMost) });
  if (notWorseThanChampionBy !== undefined) checks.push(compare(metric, value, rules, notWorseThanChampionBy, subject));
  if (betterThanChampionBy !== undefined)
    checks.push({ ...compare(metric, value, rules, -betterThanChampionBy, subject), rule: "betterThanChampionBy" });
  if (checks.length === 0)
    checks.push({ metric, rule: "measured", value, passed: true, text: `${metric} ${show(value)}` });
  return checks;
}

function compare(metric: string, value: number, rules: MetricGate, by: number, subject: GateSubject): GateCheck {
  const check = { metric, rule: "notWorseThanChampionBy" as const, value };
  if (subject.champion === undefined)
    return { ...check, passed: true, text: `${metric} ${show(value)}, no champion yet` };
  const anew = findAnew(metric, subject);
  const champion = anew?.champion ?? subject.champion.lineage.metrics[metric];
  // A number that the champion lacks cannot hold its successor back: a gate may name a new metric.
  if (champion === undefined || !Number.isFinite(champion)) {
    return { ...check, passed: true, text: `${metric} ${show(value)}, not measured for the champion` };
  }
  const better = rules.better ?? guessBetter(metric, rules);
  const wanted = better === "higher" ? champion - by : champion + by;
  const judged = anew?.value ?? value;
  const { passed, text } = hold(metric, judged, better, wanted);
  const { sameRows } = anew ?? {};
  const told = `${text} (champion ${show(champion)}${sameRows === undefined ? "" : describeRows(sameRows)})`;
  return { ...check, value: judged, wanted, champion, ...(sameRows !== undefined && { sameRows }), passed, text: told };
}

/** The two values of a metric on the same rows, where the champion was asked about them. */
function findAnew(
  metric: string,
  { anew, lineage }: GateSubject,
): { champion: number; value: number; sameRows: NonNullable<GateCheck["sameRows"]> } | undefined {
  if (anew === undefined || "reason" in anew) return undefined;
  const { metrics, rows, of, candidate = lineage.metrics } = anew;
  const [champion, value] = [metrics[metric], candidate[metric]];
  return champion === undefined || value === undefined ? undefined : { champion, value, sameRows: { rows, of } };
}

/** ` on the same rows`, or on how many of them. */
export function describeRows({ rows, of }: NonNullable<GateCheck["sameRows"]>): string {
  return rows === of ? " on the same rows" : ` on the same ${rows} rows, which it was not trained on`;
}

function hold(
  metric: string,
  value: number,
  better: "higher" | "lower",
  wanted: number,
): { passed: boolean; text: string } {
  // 0.987 - 0.005 is a hair above 0.982 in floating point: such a hair never decides.
  const hair = 1e-9 * Math.max(1, Math.abs(wanted));
  const passed = better === "higher" ? value >= wanted - hair : value <= wanted + hair;
  const sign = better === "higher" ? (passed ? "≥" : "<") : passed ? "≤" : ">";
  const [left, right] = showApart(value, wanted, passed);
  return { passed, text: `${metric} ${left} ${sign} ${right}` };
}

function guessBetter(metric: string, { atLeast, atMost }: MetricGate): "higher" | "lower" {
  if (atMost !== undefined && atLeast === undefined) return "lower";
  return /(?:loss|error|mae|mse|rmse|perplexity|latency|seconds|ms)$/i.test(metric) ? "lower" : "higher";
}

function judgeAudit(findings: readonly string[]): GateCheck[] {
  const check = { metric: "audit", rule: "audit" as const };
  if (findings.length === 0) return [{ ...check, passed: true, text: "the audit found nothing" }];
  return findings.map((finding) => ({ ...check, passed: false, text: `audit: ${finding}` }));
}

/** The validation rows follow from the dataset, the seed and the share kept for validation. */
function explainDifference(subject: GateSubject): string | undefined {
  const { lineage, champion, gate, anew } = subject;
  if (champion === undefined) return undefined;
  const compared = Object.keys(gate).filter(
    (metric) => gate[metric]!.notWorseThanChampionBy !== undefined || gate[metric]!.betterThanChampionBy !== undefined,
  );
  const measured = anew !== undefined && "metrics" in anew;
  if (measured && compared.every((metric) => findAnew(metric, subject) !== undefined)) return undefined;
  const its = champion.lineage;
  const differs = [
    ...(its.dataset.digest === lineage.dataset.digest ? [] : ["dataset"]),
    ...(its.seed === lineage.seed ? [] : ["seed"]),
    ...(its.parameters["validation"] === lineage.parameters["validation"] ? [] : ["share kept for validation"]),
  ];
  if (differs.length === 0) return undefined;
  const roughly = `the champion was measured on other validation data (another ${differs.join(" and ")}), so the two numbers compare only roughly`;
  return anew !== undefined && "reason" in anew
    ? `${roughly}; it cannot be asked about the new rows: ${anew.reason}`
    : roughly;
}

/** Four digits are enough, unless they hide the difference that decided: then as many as show it. */
function showApart(value: number, wanted: number, passed: boolean): [string, string] {
  const texts = (digits: number): [string, string] => [show(value, digits), show(wanted, digits)];
  if (passed) return texts(4);
  for (let digits = 4; digits < 17; digits++) {
    const [left, right] = texts(digits);
    if (left !== right) return [left, right];
  }
  return texts(17);
}

function show(value: number, digits = 4): string {
  return String(Number(value.toPrecision(digits)));
}
