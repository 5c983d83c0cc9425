/**
 * @file How a word in lower case may be written. The graph lowers ASCII by itself, in any locale; words with other letters are looked up in
 * their usual spellings too. A server that lowers the text first (`prepareText`) needs none of this.
 */

/** Letters of a word that may be upper or lower independently; with more, only all, none or the first are. */
const mostFree = 5;

/** The word itself and its other spellings, after ASCII letters were made lower case. */
export function listSpellings(word: string): string[] {
  const letters = Array.from(word);
  const upper = letters.map((letter, i) => upperOf(letter, i === letters.length - 1));
  const cased = upper.flatMap((others, i) => (others.length > 0 ? [i] : []));
  if (cased.length === 0) return [word];
  if (cased.length > mostFree) {
    const all = letters.map((letter, i) => upper[i]![0] ?? letter).join("");
    const first = cased[0] === 0 ? [upper[0]![0] + letters.slice(1).join("")] : [];
    return [word, all, ...first];
  }
  return cased
    .reduce<string[][]>(
      (spellings, i) =>
        spellings.flatMap((spelling) => [spelling, ...upper[i]!.map((other) => spelling.with(i, other))]),
      [letters],
    )
    .map((spelling) => spelling.join(""));
}

/** Other characters than ASCII's whose lower case is this one; a capital sigma at a word's end is lowered to ς. */
function upperOf(letter: string, last: boolean): readonly string[] {
  if (letter === "ς") return last ? ["Σ"] : [];
  return (uppers ??= collectUppers()).get(letter) ?? [];
}

let uppers: ReadonlyMap<string, readonly string[]> | undefined;

function collectUppers(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (let code = 0x80; code < 0x1f000; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const letter = String.fromCodePoint(code);
    const lower = letter.toLowerCase();
    if (lower === letter || Array.from(lower).length !== 1) continue;
    found.set(lower, [...(found.get(lower) ?? []), letter]);
  }
  return found;
}
