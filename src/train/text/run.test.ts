import { expect, test } from "vitest";
import { readSignature } from "../../model/signature-of.ts";
import { rowsContext, tableExamples, textExamples } from "../rows.fixture.ts";
import { runTrainer } from "../run.ts";
import { logistic, naiveBayes } from "./define.ts";

test.each([naiveBayes({ alpha: 0.5 }), logistic({ c: 2 })])(
  "$kind learns, and is judged by its own file",
  async (trainer) => {
    const trained = await runTrainer(trainer, rowsContext(textExamples()));
    expect(trained.metrics).toMatchObject({ accuracy: 1, lowestLabelAccuracy: 1 });
    expect(trained.confusion).toEqual([
      [8, 0],
      [0, 8],
    ]);
    expect(readSignature(trained.model)).toEqual(trained.signature);
    expect(trained.parameters).not.toHaveProperty("seed");
    const again = await runTrainer(trainer, rowsContext(textExamples()));
    expect(Buffer.from(again.model).equals(trained.model)).toBe(true);
  },
);

test("logistic regression tells its steps, whose loss falls", async () => {
  const { history } = await runTrainer(logistic(), rowsContext(textExamples()));
  expect(history.length).toBeGreaterThan(3);
  expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss);
});

test("words of the validation texts are not known", async () => {
  const examples = textExamples();
  const texts = examples.texts.map((text, row) => (row % 5 === 0 ? `${text} secret${row}` : text));
  const [plain, marked] = await Promise.all(
    [examples, { ...examples, texts }].map((each) => runTrainer(naiveBayes(), rowsContext(each))),
  );
  expect(Buffer.from(marked!.model).equals(plain!.model)).toBe(true);
});

test("what cannot be learned from is named", async () => {
  const bare = { ...textExamples(), texts: textExamples().texts.map(() => "a ! ?") };
  await expect(runTrainer(naiveBayes(), rowsContext(bare))).rejects.toMatchObject({ code: "SLIPWAY_TRAIN_NO_WORDS" });
  await expect(runTrainer(naiveBayes(), rowsContext(tableExamples()))).rejects.toThrow(
    "naiveBayes() trains on texts (`text` and `label`), but the data are columns of numbers (`columns` and `target`)",
  );
  const stopped = rowsContext(textExamples(), { signal: AbortSignal.abort() });
  await expect(runTrainer(logistic(), stopped)).rejects.toMatchObject({ code: "SLIPWAY_TRAIN_INTERRUPTED" });
});

test("settings are checked, all at once", () => {
  expect(() => naiveBayes({ alpha: 0, tokenizer: { minLenght: 2 } as never })).toThrow(
    /naiveBayes\(\{…\}\) has 2 faults:\n {2}- alpha is 0, wanted a number over 0\n {2}- tokenizer is .*wanted an object such as/,
  );
  expect(naiveBayes({ tokenizer: { minLength: 1 } }).tokenizer).toEqual({ lowercase: true, minLength: 1 });
});
