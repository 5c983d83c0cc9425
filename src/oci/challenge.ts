/** @file WWW-Authenticate (RFC 9110, 11.6.1): a list of challenges, each with parameters. Anyone may have written it, so nothing here throws. */

export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  scheme: string;
  /** Names in lower case. */
  parameters: Readonly<Record<string, string>>;
}

/** Reads one header, or several joined by commas. What cannot be read is passed over. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  const reader = { text: header.slice(0, 16_384), at: 0 };
  while (reader.at < reader.text.length) {
    skip(reader, /[\s,]/);
    const word = readWord(reader);
    if (word === "") {
      reader.at++;
      continue;
    }
    skip(reader, /[ \t]/);
    if (reader.text[reader.at] !== "=") {
      challenges.push({ scheme: word.toLowerCase(), parameters: Object.create(null) as Record<string, string> });
      continue;
    }
    reader.at++;
    skip(reader, /[ \t]/);
    const value = reader.text[reader.at] === '"' ? readQuoted(reader) : readWord(reader, /[^\s,"]/);
    const parameters = challenges.at(-1)?.parameters;
    // A name that comes twice keeps its first value, so that nothing appended later can replace it.
    if (parameters !== undefined && !(word.toLowerCase() in parameters)) parameters[word.toLowerCase()] = value;
  }
  return challenges;
}

interface Reader {
  text: string;
  at: number;
}

function skip(reader: Reader, what: RegExp): void {
  while (reader.at < reader.text.length && what.test(reader.text[reader.at] ?? "")) reader.at++;
}

/** A token, or a value whose quotes were left away. */
function readWord(reader: Reader, letters = /[^\s,="]/): string {
  const start = reader.at;
  skip(reader, letters);
  return reader.text.slice(start, reader.at);
}

function readQuoted(reader: Reader): string {
  let value = "";
  for (reader.at++; reader.at < reader.text.length; reader.at++) {
    const character = reader.text[reader.at];
    if (character === '"') {
      reader.at++;
      break;
    }
    if (character === "\\") reader.at++;
    value += reader.text[reader.at] ?? "";
  }
  return value;
}
