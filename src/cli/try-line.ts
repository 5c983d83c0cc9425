import { join, relative } from "node:path";
import type { Dataset, Split } from "../data/types.ts";
import type { BasicAuth, Project } from "../project/types.ts";
import { kindOf, listQuestions } from "../way/question.ts";
import { findRoute } from "../way/verify-step.ts";

export interface TryLine {
  url: string;
  /** Undefined where nothing is known that could be asked: the endpoint's own description is shown then. */
  data: { dataset: Dataset; split: Split } | undefined;
  /** Further words for curl, with a space behind each. */
  words?: string;
}

/** A line that works as it is: the route's path, and a row of the dataset as it is asked, which the model has not seen. */
export function writeCurl(
  { definition }: Pick<Project, "definition">,
  { url, data, words: given = "" }: TryLine,
): string {
  const words = given + askLogin(definition.serve?.auth);
  if (data === undefined) return `curl ${words}${url}/docs`;
  const { dataset, split } = data;
  const { path, field } = findRoute(definition.serve?.routes, kindOf(dataset));
  const [question] = listQuestions(dataset, split.validation.slice(0, 1));
  const subject = question?.subject;
  const entry = dataset.entries[split.validation[0] ?? 0];
  if (subject === undefined || subject.kind === "image") {
    // Weights that were trained elsewhere come without a picture.
    const file =
      dataset.kind === "file" ? "picture.jpg" : relative(process.cwd(), join(dataset.folder, entry?.path ?? ""));
    return `curl ${words}-F ${field}=@${quote(file)} ${url}${path}`;
  }
  const body = subject.kind === "text" ? { [field]: subject.text } : subject.values;
  return `curl ${words}--json ${quote(JSON.stringify(body))} ${url}${path}`;
}

/** Without the password, which curl then asks for: what is printed here ends up in logs. */
function askLogin(auth: BasicAuth | undefined): string {
  return auth === undefined ? "" : `-u ${quote(auth.fallback?.username ?? "name")} `;
}

/** For a shell: as it is where that is safe. */
export function quote(word: string): string {
  return /^[\w./:@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
