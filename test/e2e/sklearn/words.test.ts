/** @file Naive Bayes and logistic regression over words against scikit-learn, on the same texts: vocabulary and log-probabilities. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createSession } from "../../../src/graph/run.ts";
import { fitBayes, type LinearTextModel } from "../../../src/model/bayes/bayes.ts";
import { countWords } from "../../../src/model/bayes/counts.ts";
import { exportTextModel } from "../../../src/model/bayes/export.ts";
import { fitLogistic } from "../../../src/model/bayes/logistic.ts";
import { prepareText } from "../../../src/model/text.ts";
import { askSklearn } from "./run.ts";

interface Told {
  vocabulary: string[];
  classes: string[];
  bayesLog: number[][];
  logistic: number[][];
}

const tokenizer = { lowercase: true, minLength: 2 };
const example = fileURLToPath(new URL("../../../examples/intent/data/intents.jsonl", import.meta.url));
const intents = readFileSync(example, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as { text: string; intent: string });
/** What the world types, beside the example. */
const unicode: [text: string, intent: string][] = [
  ["Grüezi mitenand", "greeting"],
  ["naïve café İstanbul", "weather"],
  ["don't stop, e-mail x1 a b foo_bar", "goodbye"],
  ["ΟΔΟΣ και ΣΟΦΟΣ", "thanks"],
  ["привет МИР", "greeting"],
  ["日本語 テスト 日本語", "weather"],
  ["ǅuro ßtraße STRASSE ½ ² Ⅷ ① नमस्ते ชาติ", "thanks"],
  ["\u{10400}\u{10401} deseret foo\u0301bar", "goodbye"],
];
const asked = [
  ...intents.map(({ text }) => text.toUpperCase()),
  ...unicode.map(([text]) => text),
  "",
  "   ",
  "qqq zzz unseen",
  "zürich ZÜRICH zÜrich İSTANBUL istanbul οδος σοφοσ ПриВет мир",
  "hello\u2028there\u00a0friend\tthanks\r\nbye",
  "ｆｕｌｌ ＷＩＤＴＨ hello \u212aelvin 😀 hello",
];
/** A megabyte. */
const long = `${intents[0]!.text} привет order ${"word ".repeat(20)}`.repeat(8000).slice(0, 1_000_000);

test.each([
  { alpha: 1, fitPrior: true, minTexts: 1, c: 1 },
  { alpha: 0.1, fitPrior: false, minTexts: 2, c: 10 },
])("the same vocabulary and log-probabilities as scikit-learn's (alpha $alpha, C $c)", async (options) => {
  const texts = [...intents.map(({ text }) => text), ...unicode.map(([text]) => text)];
  const labels = [...intents.map(({ intent }) => intent), ...unicode.map(([, intent]) => intent)];
  const told = askSklearn("words.py", { texts, labels, asked: [...asked, long], ...options }) as Told;
  const counts = countWords(texts, { tokenizer, minTexts: options.minTexts });
  expect(counts.vocabulary).toEqual(told.vocabulary);

  const targets = Int32Array.from(labels, (label) => told.classes.indexOf(label));
  const classes = told.classes.length;
  const bayes = await ask(fitBayes(counts, targets, classes, options), told.classes);
  expect(farthest(bayes, told.bayesLog)).toBeLessThan(1e-5);

  const fitted = await fitLogistic(counts, targets, classes, { c: options.c, steps: 2000, tolerance: 1e-10 });
  expect(fitted.converged).toBe(true);
  const logistic = await ask(fitted, told.classes);
  // Both optimisers end a hair from the optimum; a megabyte of words adds up the hairs.
  expect(farthest(logistic.slice(0, -1), told.logistic.slice(0, -1))).toBeLessThan(1e-5);
});

async function ask(model: LinearTextModel, labels: readonly string[]): Promise<number[][]> {
  const { model: file } = exportTextModel({ model, tokenizer, labels, logarithms: true });
  const session = await createSession(file, { name: "words" });
  const all: number[][] = [];
  for (const text of [...asked, long]) {
    const data = [prepareText(text, { lowercase: true })];
    const { log_probabilities: result } = await session.run({ text: { type: "string", shape: [1], data } });
    all.push([...(result!.data as Float64Array)]);
  }
  await session.release();
  return all;
}

function farthest(ours: readonly (readonly number[])[], theirs: readonly (readonly number[])[]): number {
  return Math.max(...ours.flatMap((row, i) => row.map((value, k) => Math.abs(value - theirs[i]![k]!))));
}
