/** @file What models say of rows that they did not train on: each fold is judged by a model of the other folds. */
import { hash } from "node:crypto";
import { join } from "node:path";
import type { Report } from "../base/progress.ts";
import type { ImageExamples, Split } from "../data/types.ts";
import { predict } from "./evaluate.ts";
import { runTrainer } from "./run.ts";
import type { SequentialTrainer } from "./types.ts";

export interface OutOfFoldOptions {
  trainer: SequentialTrainer;
  examples: ImageExamples;
  /** A name of each row's content, so that the folds do not move with the order of the rows. */
  keys: readonly string[];
  folds: number;
  epochs: number;
  seed: number;
  /** A folder for the trainings. */
  workspace: string;
  root: string;
  report: Report;
  signal: AbortSignal;
}

/** Probabilities, rows × labels, row by row. */
export async function predictOutOfFold(options: OutOfFoldOptions): Promise<Float32Array> {
  const { trainer, examples, folds, epochs, seed, workspace, report, signal } = options;
  const classes = examples.labels.length;
  const probabilities = new Float32Array(examples.count * classes);
  const fold = assignFolds(options);
  for (let held = 0; held < folds; held++) {
    const split = splitByFold(fold, held);
    const label = `fold ${held + 1}/${folds}`;
    const trained = await runTrainer(
      { ...trainer, epochs, seed: seed + held, keep: "last" },
      {
        examples,
        // Judging every epoch on the fold that is held out would cost time and tell nobody anything.
        split: { train: split.train, validation: new Int32Array() },
        folder: "",
        paths: [],
        root: options.root,
        workspace: join(workspace, `fold-${held}`),
        resume: false,
        report: (event) => report({ ...event, step: "audit", label: `${label} · ${event.label}` }),
        signal,
      },
    );
    for await (const { row, probabilities: said } of predict(
      trained.model,
      trained.signature,
      examples,
      split.validation,
      1,
    ))
      probabilities.set(said, row * classes);
  }
  return probabilities;
}

/** Every label is dealt out evenly, in the order of a hash of its rows' content; copies of one picture fall where their hashes do: into one fold. */
function assignFolds({ examples, keys, folds, seed }: OutOfFoldOptions): Uint8Array {
  const order = keys.map((key) => hash("sha256", `${seed}/${key}`));
  const rows = Array.from({ length: examples.count }, (_, row) => row).toSorted((a, b) =>
    order[a]! < order[b]! ? -1 : order[a]! > order[b]! ? 1 : a - b,
  );
  const fold = new Uint8Array(examples.count);
  const next = new Map<number, number>();
  const placed = new Map<string, number>();
  for (const row of rows) {
    const target = examples.targets[row]!;
    const before = placed.get(keys[row]!);
    const at = before ?? (next.get(target) ?? 0) % folds;
    if (before === undefined) next.set(target, (next.get(target) ?? 0) + 1);
    placed.set(keys[row]!, at);
    fold[row] = at;
  }
  return fold;
}

function splitByFold(fold: Uint8Array, held: number): Split {
  const pick = (wanted: (at: number) => boolean): Int32Array =>
    Int32Array.from(fold.keys().filter((row) => wanted(fold[row]!)));
  return { train: pick((at) => at !== held), validation: pick((at) => at === held) };
}
