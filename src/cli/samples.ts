import { listQuestions, type Question } from "../way/question.ts";
import { openProjectDataset } from "./dataset.ts";
import type { Io } from "./io.ts";

/** Rows of the project's dataset as questions: up to ten of each label, spread over it. */
export async function listSamples(options: Readonly<Record<string, unknown>>, io: Io): Promise<Question[]> {
  const { dataset } = await openProjectDataset(io, options);
  const byLabel = Map.groupBy(dataset.entries.keys(), (row) => dataset.entries[row]!.label);
  const rows = [...byLabel.values()].flatMap((same) => {
    const count = Math.min(10, same.length);
    return Array.from({ length: count }, (_, index) => same[Math.floor((index * same.length) / count)]!);
  });
  return listQuestions(dataset, Int32Array.from(rows));
}
