/** @file Small texts and tables, for tests of the trainers that take them. */
import type { Examples, Split, TableExamples, TextExamples } from "../data/types.ts";
import type { TrainContext } from "./types.ts";

const hellos = ["hello there", "Grüezi", "good morning", "hi"];
const byes = ["bye bye", "see you later", "tschüss", "good night"];

/** Eighty texts of two labels; every fifth is held out. */
export function textExamples(): TextExamples {
  const count = 80;
  const texts = Array.from({ length: count }, (_, i) => `${(i % 2 ? byes : hellos)[(i >> 1) % 4]} number${i % 7}`);
  return { kind: "text", count, labels: ["hello", "bye"], texts, targets: Int32Array.from(texts, (_, i) => i % 2) };
}

/** Points in a square, labelled by the quarter they lie in: two columns decide, the third says nothing. */
export function tableExamples(count = 600): TableExamples {
  let state = 7;
  const draw = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5;
  const values = Float32Array.from({ length: 3 * count }, draw);
  const targets = Int32Array.from({ length: count }, (_, i) => Number(values[3 * i]! * values[3 * i + 1]! > 0));
  return { kind: "table", count, labels: ["apart", "alike"], columns: ["x", "y", "z"], values, targets };
}

export function rowsContext<E extends Examples>(examples: E, changes: Partial<TrainContext<E>> = {}): TrainContext<E> {
  const rows = Int32Array.from({ length: examples.count }, (_, row) => row);
  const split: Split = { train: rows.filter((row) => row % 5 !== 0), validation: rows.filter((row) => row % 5 === 0) };
  return {
    examples,
    split,
    folder: "/nowhere",
    paths: [],
    root: "/nowhere",
    workspace: "/nowhere",
    resume: false,
    report: () => {},
    signal: new AbortController().signal,
    ...changes,
  };
}
