import { styleText } from "node:util";
import type { SlipwayError } from "../../base/errors.ts";

/** What an error's form hangs on. `documented`: stdout has its one JSON document already. */
export interface ErrorForm {
  json?: boolean;
  debug?: boolean;
  documented?: boolean;
}

/**
 * Prints an error: for people on stderr (what happened, its code, what to do); with `--json` as the JSON document on stdout, or as a line of JSON on
 * stderr where a result is there, so that what reads stdout finds one document in every case.
 */
export function printError(error: SlipwayError, { json, debug, documented }: ErrorForm): void {
  if (json === true) {
    const stack = debug === true ? { stack: listStacks(error) } : {};
    const document = { error: { ...error.toJSON(), exit: error.exit, ...stack } };
    if (documented === true) process.stderr.write(`${JSON.stringify(document)}\n`);
    else process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return;
  }
  process.stderr.write(`${renderError(error, (style, text) => styleText(style, text, { stream: process.stderr }))}\n`);
  if (debug === true) process.stderr.write(`\n${listStacks(error).join("\ncaused by: ")}\n`);
}

export function renderError(
  { code, message, mend }: Pick<SlipwayError, "code" | "message" | "mend">,
  paint: (style: "red" | "dim" | "cyan", text: string) => string,
): string {
  const indent = (text: string, first: string): string => first + text.replaceAll("\n", "\n  ");
  return [
    indent(message, `${paint("red", "✖")} `),
    `  ${paint("dim", code)}`,
    indent(mend, `  ${paint("cyan", "→")} `),
  ].join("\n");
}

function listStacks(error: Error): string[] {
  const stacks: string[] = [];
  for (let at: unknown = error; at instanceof Error && stacks.length < 16; at = at.cause)
    stacks.push(at.stack ?? at.message);
  return stacks;
}
