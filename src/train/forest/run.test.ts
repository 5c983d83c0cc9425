import { expect, test } from "vitest";
import { readSignature } from "../../model/signature-of.ts";
import { experiments } from "../experiments/define.ts";
import { rowsContext, tableExamples, textExamples } from "../rows.fixture.ts";
import { runTrainer } from "../run.ts";
import { forest } from "./define.ts";

const context = () => rowsContext(tableExamples());

test("a forest learns, and is judged by its own file", async () => {
  const trained = await runTrainer(forest({ trees: 40, depth: 6 }), context());
  expect(trained.metrics["accuracy"]).toBeGreaterThan(0.9);
  expect(trained.confusion!.flat().reduce((sum, count) => sum + count, 0)).toBe(120);
  expect(readSignature(trained.model)).toEqual(trained.signature);
  expect(trained.parameters).toMatchObject({ features: 1, bins: 256 });
});

test("any number of threads gives the same bytes", async () => {
  const [one, two, three] = await Promise.all(
    [1, 2, 3].map((workers) => runTrainer(forest({ trees: 30, workers }), context())),
  );
  expect(Buffer.from(two!.model).equals(one!.model)).toBe(true);
  expect(Buffer.from(three!.model).equals(one!.model)).toBe(true);
  expect(three!.metrics).toEqual(one!.metrics);
});

test("validation rows change nothing of the trees, nor of the bins", async () => {
  const examples = tableExamples();
  const values = examples.values.map((value, i) => (Math.floor(i / 3) % 5 === 0 ? value * 1000 : value));
  const [plain, changed] = await Promise.all(
    [examples, { ...examples, values }].map((each) => runTrainer(forest({ trees: 5 }), rowsContext(each))),
  );
  expect(Buffer.from(changed!.model).equals(plain!.model)).toBe(true);
});

test("it stops between two trees", async () => {
  const abort = new AbortController();
  const report = ({ done = 0 }: { done?: number }): void => {
    if (done === 3) abort.abort();
  };
  const running = runTrainer(
    forest({ trees: 5000, workers: 2 }),
    rowsContext(tableExamples(), { report, signal: abort.signal }),
  );
  await expect(running).rejects.toMatchObject({
    code: "SLIPWAY_TRAIN_INTERRUPTED",
    message: expect.stringMatching(/^training was interrupted after \d+ of 5000 trees$/) as string,
  });
});

test("of several experiments the best is given, and all are kept", async () => {
  const trainers = [forest({ trees: 1, depth: 1 }), forest({ trees: 40, depth: 6 }), forest({ trees: 40, depth: 6 })];
  const trained = await runTrainer(experiments(trainers), context());
  const alone = await runTrainer(trainers[1]!, context());
  expect(Buffer.from(trained.model).equals(alone.model)).toBe(true);
  expect(trained.metrics).toEqual(alone.metrics);
  expect(trained.parameters).toMatchObject({
    best: 1,
    metric: "accuracy",
    experiments: [{ trainer: "forest", parameters: { trees: 1 } }, { metrics: alone.metrics }, { seed: 1 }],
  });
  const least = await runTrainer(experiments(trainers, { metric: "nodes", better: "lower" }), context());
  expect(least.parameters).toMatchObject({ best: 0 });
});

test("experiments that cannot be judged, or fail, say why", async () => {
  await expect(runTrainer(experiments([forest({ trees: 1 })], { metric: "f1" }), context())).rejects.toThrow(
    "the experiments are judged by f1, but a trainer measured only accuracy, loss, lowestLabelAccuracy, trees, nodes",
  );
  await expect(runTrainer(experiments([forest()]), rowsContext(textExamples()))).rejects.toMatchObject({
    code: "SLIPWAY_TRAIN_OTHER_DATA",
  });
  expect(() => experiments([{ kind: "sequential" } as never], { validation: 2 })).toThrow(
    /trainers\[0\] is .*wanted forest\(\), naiveBayes\(\) or logistic\(\)\n {2}- validation is 2/,
  );
});
