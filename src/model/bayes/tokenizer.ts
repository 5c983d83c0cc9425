/** @file Words of a text, as scikit-learn's CountVectorizer finds them: `(?u)\b\w\w+\b` on the text in lower case. */
import { prepareText } from "../text.ts";

export interface Tokenizer {
  /** Upper and lower case are one. */
  lowercase: boolean;
  /** Characters that a word has at least. */
  minLength: number;
}

/** Letters, numbers and the underscore of every script. Python's `\w` is the same; RE2's is ASCII's. */
export const wordClass = String.raw`[\p{L}\p{N}_]`;

/** Gives the words of a text in their order, repetitions included. */
export function createTokenizer({ lowercase, minLength }: Tokenizer): (text: string) => readonly string[] {
  const words = new RegExp(`${wordClass}{${minLength},}`, "gu");
  return (text) => prepareText(text, { lowercase }).match(words) ?? [];
}
