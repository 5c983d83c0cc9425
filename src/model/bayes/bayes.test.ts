import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createSession } from "../../graph/run.ts";
import { prepareText } from "../text.ts";
import { readSignature } from "../signature-of.ts";
import { fitBayes } from "./bayes.ts";
import { compareCodePoints, countWords } from "./counts.ts";
import { exportTextModel } from "./export.ts";
import { createTokenizer } from "./tokenizer.ts";

const tokenizer = { lowercase: true, minLength: 2 };
const labels = ["bye", "hello", "weather"];
const texts = [
  ["bye", "See you LATER, bye bye"],
  ["bye", "tschüss und bis bald"],
  ["hello", "Hello there, good morning"],
  ["hello", "Grüezi mitenand — grüezi"],
  ["weather", "will it Rain today in Zürich?"],
  ["weather", "снег завтра 雪 大雪 ΚΑΙΡΟΣ"],
] as const;
const targets = Int32Array.from(texts, ([label]) => labels.indexOf(label));
const counts = countWords(
  texts.map(([, text]) => text),
  { tokenizer, minTexts: 1 },
);
const model = fitBayes(counts, targets, 3, { alpha: 1, fitPrior: true });

test("words are runs of two or more letters, digits and underscores of any script, in lower case", () => {
  const tokenize = createTokenizer(tokenizer);
  expect(tokenize("don't e-mail foo_bar x1 A ½½ 日本語 İstanbul ΟΔΟΣ नमस्ते")).toEqual([
    "don",
    "mail",
    "foo_bar",
    "x1",
    "½½",
    "日本語",
    "stanbul",
    "οδος",
    "नमस",
  ]);
  expect(createTokenizer({ lowercase: false, minLength: 1 })("A bC")).toEqual(["A", "bC"]);
  expect(tokenize("")).toEqual([]);
});

test("the vocabulary is sorted by code points, and rare words are left out", () => {
  expect(counts.vocabulary.slice(0, 4)).toEqual(["bald", "bis", "bye", "good"]);
  expect(counts.vocabulary.slice(-3)).toEqual(["завтра", "снег", "大雪"]);
  expect(["\uffff", "\u{10000}", "a", "ab"].toSorted(compareCodePoints)).toEqual(["a", "ab", "\uffff", "\u{10000}"]);
  const twice = countWords(["a1 b2", "a1 c3", "d4"], { tokenizer, minTexts: 2 });
  expect(twice.vocabulary).toEqual(["a1"]);
});

test("weights are logarithms of smoothed shares, by hand for one word", () => {
  // "bye" comes twice among the nine words of its class; the vocabulary has all the words.
  const words = counts.vocabulary.length;
  const at = counts.vocabulary.indexOf("bye") * 3;
  expect(model.weights[at]).toBeCloseTo(Math.log((2 + 1) / (9 + words)), 12);
  expect(model.weights[at + 1]).toBeCloseTo(Math.log(1 / (7 + words)), 12);
  expect(model.bias[0]).toBeCloseTo(Math.log(2 / 6), 12);
});

test("the file carries its signature", () => {
  const { model: file, signature } = exportTextModel({ model, tokenizer, labels });
  expect(readSignature(file)).toEqual(signature);
  expect(signature.inputs).toEqual([
    { name: "text", datatype: "BYTES", shape: [-1], content: { kind: "text", lowercase: true } },
  ]);
});

/** What the model says by its own definition, without a graph. */
function score(text: string): number[] {
  const sums = [...model.bias];
  for (const word of createTokenizer(tokenizer)(text)) {
    const at = counts.vocabulary.indexOf(word) * 3;
    if (at >= 0) for (let k = 0; k < 3; k++) sums[k]! += model.weights[at + k]!;
  }
  const most = Math.max(...sums);
  const total = most + Math.log(sums.reduce((all, sum) => all + Math.exp(sum - most), 0));
  return sums.map((sum) => sum - total);
}

const open = async (): Promise<(texts: readonly string[]) => Promise<number[][]>> => {
  const { model: file } = exportTextModel({ model, tokenizer, labels, logarithms: true });
  const session = await createSession(file, { name: "words" });
  return async (asked) => {
    const { log_probabilities: result } = await session.run({
      text: { type: "string", shape: [asked.length], data: asked },
    });
    const data = result!.data as Float64Array;
    return asked.map((_, row) => [...data.subarray(row * 3, row * 3 + 3)]);
  };
};

test("the graph says what the definition says, for any text", async () => {
  const ask = await open();
  const words = fc.constantFrom(
    ...counts.vocabulary,
    "GRÜEZI",
    "ZÜRICH",
    "Bye",
    "СНЕГ",
    "Снег",
    "unseen",
    "é",
    "😀",
    "\n",
  );
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "binary" }),
    fc.array(words, { maxLength: 12 }).map((all) => all.join(" ")),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 6 }), async (all) => {
      const prepared = all.map((each) => prepareText(each, { lowercase: true }));
      const seen = await ask(prepared);
      for (const [row, each] of prepared.entries())
        for (const [k, value] of score(each).entries()) expect(seen[row]![k]).toBeCloseTo(value, 9);
    }),
    { numRuns: 150 },
  );
});

test("texts that nobody prepared are understood in their usual spellings", async () => {
  const ask = await open();
  for (const text of [
    "GRÜEZI",
    "Grüezi",
    "gRüEZI",
    "ZÜRICH zürich",
    "СНЕГ Снег снег",
    "ΚΑΙΡΟΣ καιρος Καιρος",
    "RAIN",
  ]) {
    const [seen] = await ask([text]);
    for (const [k, value] of score(text).entries()) expect(seen![k]).toBeCloseTo(value, 9);
  }
});

test("empty and unseen texts get the shares of the classes; a megabyte keeps its digits", async () => {
  const ask = await open();
  const prior = [1 / 3, 1 / 3, 1 / 3].map(Math.log);
  for (const row of await ask(["", "   ", "unseen words", "a b c"]))
    for (const [k, value] of row.entries()) expect(value).toBeCloseTo(prior[k]!, 12);
  const long = "hello rain grüezi снег ".repeat(45_000);
  const [seen] = await ask([long]);
  const wanted = score(long);
  for (const k of [0, 1, 2]) expect(Math.abs(seen![k]! - wanted[k]!)).toBeLessThan(1e-5);
});

test("nothing of a text after a NUL is lost", () => {
  expect(prepareText("a\0B", { lowercase: true })).toBe("a b");
  expect(prepareText("A\0B", {})).toBe("A B");
});
