import { styleText } from "node:util";
import type { SlipwayError } from "../../base/errors.ts";

/** Prints an error: for people on stderr (what happened, its code, what to do), as one JSON document on stdout with `--json`. */
export function printError(error: SlipwayError, { json, debug }: { json?: boolean; debug?: boolean }): void {
  if (json === true) {
    const stack = debug === true ? { stack: listStacks(error) } : {};
    process.stdout.write(
      `${JSON.stringify({ error: { ...error.toJSON(), exit: error.exit, ...stack } }, undefined, 2)}\n`,
    );
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
