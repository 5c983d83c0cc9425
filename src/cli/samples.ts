import { requireTraining } from "../project/training.ts";
import type { Project } from "../project/types.ts";
import { kindOf, listQuestions, type Question, type QuestionKind } from "../way/question.ts";
import { openProjectDataset } from "./dataset.ts";
import { samplesMissing } from "./errors.ts";
import type { Io } from "./io.ts";
import { openProject } from "./project.ts";

/**
 * Rows of the project's dataset as questions: up to ten of each label, spread over it. Throws `samplesMissing` where they are none of that kind: weights,
 * or rows of another project than the endpoint's.
 */
export async function listSamples(
  options: Readonly<Record<string, unknown>>,
  wanted: QuestionKind,
  io: Io,
): Promise<Question[]> {
  const { project } = await openProject(options);
  const { data } = requireTraining(project.definition);
  // Looked at before it is opened: weights may be a large file of a URL.
  if (data.kind === "file") throw notOfKind(project, data.role, wanted);
  const { dataset } = await openProjectDataset(io, options);
  const kind = kindOf(dataset);
  if (kind !== wanted) throw notOfKind(project, words[kind].holds, wanted);
  const byLabel = Map.groupBy(dataset.entries.keys(), (row) => dataset.entries[row]!.label);
  const rows = [...byLabel.values()].flatMap((same) => {
    const count = Math.min(10, same.length);
    return Array.from({ length: count }, (_, index) => same[Math.floor((index * same.length) / count)]!);
  });
  return listQuestions(dataset, Int32Array.from(rows));
}

const words: Readonly<Record<QuestionKind, { holds: string; example: string }>> = {
  image: { holds: "images", example: "picture.jpg" },
  text: { holds: "texts", example: '"Where is my parcel?"' },
  features: { holds: "columns", example: `'{"length":4.5,"width":2}'` },
};

function notOfKind({ definition }: Project, holds: string, wanted: QuestionKind): Error {
  const { holds: named, example } = words[wanted];
  return samplesMissing({ project: definition.name, holds, wanted: named, example });
}
