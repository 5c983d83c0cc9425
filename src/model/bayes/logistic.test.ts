import { expect, test } from "vitest";
import { countWords } from "./counts.ts";
import { minimise } from "./lbfgs.ts";
import { fitLogistic } from "./logistic.ts";

test("a badly scaled bowl is minimised to its bottom", async () => {
  const scales = [1, 100, 1e4];
  const { at, converged } = await minimise(
    (x, gradient) => {
      let value = 0;
      for (const [i, scale] of scales.entries()) {
        value += (scale * (x[i]! - i) ** 2) / 2;
        gradient[i] = scale * (x[i]! - i);
      }
      return value;
    },
    new Float64Array(3).fill(7),
    { steps: 100, tolerance: 1e-9, onStep: async () => {} },
  );
  expect(converged).toBe(true);
  for (const i of [0, 1, 2]) expect(at[i]).toBeCloseTo(i, 8);
});

test("with one word and two classes the optimum satisfies its own equations", async () => {
  const counts = countWords(["yes yes", "yes", "no", "no yes"], {
    tokenizer: { lowercase: true, minLength: 2 },
    minTexts: 1,
  });
  const targets = Int32Array.of(0, 0, 1, 1);
  const c = 0.7;
  const { weights, bias, converged, losses } = await fitLogistic(counts, targets, 2, {
    c,
    steps: 500,
    tolerance: 1e-10,
  });
  expect(converged).toBe(true);
  expect(losses.every((loss, i) => i === 0 || loss <= losses[0]!)).toBe(true);
  // At the minimum: weight = c × Σ count × (truth − probability), and the errors of each class add up to nothing.
  const rows = [
    [0, 2],
    [0, 1],
    [1, 0],
    [1, 1],
  ];
  const errors = rows.map(([no = 0, yes = 0], row) => {
    const scores = [0, 1].map((k) => bias[k]! + no * weights[k]! + yes * weights[2 + k]!);
    const total = scores.reduce((all, score) => all + Math.exp(score), 0);
    return [0, 1].map((k) => Number(targets[row] === k) - Math.exp(scores[k]!) / total);
  });
  for (const k of [0, 1]) {
    expect(errors.reduce((all, error) => all + error[k]!, 0)).toBeCloseTo(0, 7);
    for (const word of [0, 1])
      expect(c * rows.reduce((all, row, i) => all + row[word]! * errors[i]![k]!, 0)).toBeCloseTo(
        weights[word * 2 + k]!,
        7,
      );
  }
  expect(bias[0]! + bias[1]!).toBeCloseTo(0, 12);
});
