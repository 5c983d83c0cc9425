/** @file Questions to a model as words of a command: files for images, the texts themselves, columns as JSON. */
import { basename } from "node:path";
import type { Artifact } from "../artifact/types.ts";
import { askHttp } from "../base/ask.ts";
import { parseObject } from "../base/json.ts";
import { toFace } from "../serve/face.ts";
import type { Question, QuestionKind } from "../way/question.ts";
import type { Endpoint } from "./endpoint.ts";
import { answerRefused, columnsMalformed, kindUnaskable } from "./errors.ts";
import { readFiles } from "./files.ts";

/** What the model at `url` is asked about, from its card. Throws `answerRefused` or `kindUnaskable`. */
export async function askKind(
  { url, headers }: Pick<Endpoint, "url" | "headers">,
  signal: AbortSignal,
): Promise<QuestionKind> {
  const card = `${url}/card`;
  const { status, text } = await askHttp(card, { headers, signal });
  if (status !== 200) throw answerRefused({ url: card, status, answer: readProblem(text) });
  const { name, signature } = JSON.parse(text) as Artifact;
  const { kind } = toFace({ name, signature }).input;
  if (kind === "tensors") throw kindUnaskable({ name, url });
  return kind;
}

/** Throws `fileMissing` or `columnsMalformed`. */
export async function toQuestions(kind: QuestionKind, words: readonly string[]): Promise<Question[]> {
  if (kind === "text") return words.map((text) => ({ name: text, label: "", subject: { kind, text } }));
  if (kind === "features")
    return words.map((word) => ({ name: word, label: "", subject: { kind, values: readColumns(word) } }));
  const contents = await readFiles(words);
  return words.map((path, index) => ({
    name: path,
    label: "",
    subject: { kind, fileName: basename(path), read: async () => contents[index]! },
  }));
}

/** What problem+json says for people; any other answer as it is. */
export function readProblem(text: string): string {
  try {
    const { detail, title } = JSON.parse(text) as { detail?: string; title?: string };
    return detail ?? title ?? text.slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}

/** Which columns there must be, the server knows. */
function readColumns(word: string): Readonly<Record<string, number>> {
  const columns = parseObject(word);
  if (columns === undefined) throw columnsMalformed({ seen: word.slice(0, 200) });
  return columns as Record<string, number>;
}
