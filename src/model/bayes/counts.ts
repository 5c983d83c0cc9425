/** @file Texts as counts of words: one row a text, kept sparse. */
import type { Tokenizer } from "./tokenizer.ts";
import { createTokenizer } from "./tokenizer.ts";

export interface Counts {
  /** Sorted by code points, as Python sorts. A word's place is its column. */
  vocabulary: readonly string[];
  /** Row i holds the places `starts[i]` to `starts[i + 1]` of `columns` and `values`; columns ascend within a row. */
  starts: Int32Array;
  columns: Int32Array;
  values: Float64Array;
}

export interface CountOptions {
  tokenizer: Tokenizer;
  /** Words in fewer texts than this are left out. */
  minTexts: number;
}

export function countWords(texts: readonly string[], { tokenizer, minTexts }: CountOptions): Counts {
  const tokenize = createTokenizer(tokenizer);
  const rows = texts.map((text) => countOf(tokenize(text)));
  const found = new Map<string, number>();
  for (const row of rows) for (const word of row.keys()) found.set(word, (found.get(word) ?? 0) + 1);
  const vocabulary = [...found]
    .filter(([, times]) => times >= minTexts)
    .map(([word]) => word)
    .toSorted(compareCodePoints);
  const places = new Map(vocabulary.map((word, index) => [word, index]));
  const starts = new Int32Array(texts.length + 1);
  const cells: [column: number, value: number][] = [];
  for (const [index, row] of rows.entries()) {
    const known = [...row].flatMap(([word, value]): [number, number][] => {
      const column = places.get(word);
      return column === undefined ? [] : [[column, value]];
    });
    cells.push(...known.toSorted(([a], [b]) => a - b));
    starts[index + 1] = cells.length;
  }
  return {
    vocabulary,
    starts,
    columns: Int32Array.from(cells, ([column]) => column),
    values: Float64Array.from(cells, ([, value]) => value),
  };
}

function countOf(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** UTF-16, which `<` compares, orders alike except for surrogates. */
export function compareCodePoints(a: string, b: string): number {
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [one, other] = [left.next(), right.next()];
    if (one.done === true || other.done === true) return Number(other.done !== true) * -1 + Number(one.done !== true);
    if (one.value !== other.value) return one.value.codePointAt(0)! - other.value.codePointAt(0)!;
  }
}
