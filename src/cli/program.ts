/** @file The commander tree, made from the list of commands. Only the command that runs is loaded; help of the root needs none. */
import { Argument, Command, type CommanderError, Option } from "commander";
import { locatePath } from "../base/locate.ts";
import type { CommandDefinition, CommandEntry, OptionDefinition } from "./command.ts";
import { commands } from "./commands/index.ts";
import { usage } from "./errors.ts";
import { readFileSync } from "node:fs";

export interface Chosen {
  definition: CommandDefinition;
  args: string[];
  options: Record<string, unknown>;
}

export const commonOptions: readonly OptionDefinition[] = [
  { flags: "--json", text: "print one JSON document on stdout" },
  { flags: "--verbose", text: "tell more on stderr; with --json as JSON lines" },
  { flags: "--debug", text: "show the stack of an error" },
];

/** The tree with those commands loaded that `words` may mean; all of them with `"all"` (completion, docs). */
export async function buildProgram(
  words: readonly string[] | "all",
  choose: (chosen: Chosen) => void,
): Promise<Command> {
  const root = prepare(new Command("slipway"))
    .description("From training code to a verified prediction endpoint.")
    .version(readVersion(), "--version", "print the version")
    .addHelpText(
      "after",
      examples([
        ["slipway init my-model", ""],
        ["slipway up my-model", ""],
        ["slipway up --help", ""],
      ]),
    );
  for (const option of commonOptions) addOption(root, option);
  for (const entry of commands) root.addCommand(await buildCommand(entry, words, choose));
  return root;
}

export function readVersion(): string {
  const path = locatePath(import.meta.url, "../../package.json", "../package.json");
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

async function buildCommand(
  entry: CommandEntry,
  words: readonly string[] | "all",
  choose: (chosen: Chosen) => void,
): Promise<Command> {
  const command = prepare(new Command(entry.name)).summary(entry.summary).description(`${entry.summary}.`);
  if (words !== "all" && !words.includes(entry.name)) return command;
  const definition = await entry.load();
  if (definition.description !== undefined) command.description(definition.description);
  for (const [notation, text] of definition.arguments ?? []) command.addArgument(new Argument(notation, text));
  for (const option of definition.options ?? []) addOption(command, option);
  for (const option of commonOptions) addOption(command, option);
  if (definition.examples !== undefined) command.addHelpText("after", examples(definition.examples));
  for (const inner of definition.subcommands ?? []) command.addCommand(await buildCommand(inner, words, choose));
  const { run } = definition;
  if (run === undefined) return command;
  command.action((...given: unknown[]) => {
    const args = given
      .slice(0, -2)
      .flat()
      .filter((arg) => arg !== undefined) as string[];
    choose({ definition, args, options: command.optsWithGlobals() });
  });
  return command;
}

/** `slipway` alone shows help; `slipway models` alone is `slipway models list`. A mistyped subcommand stays what it is. */
export async function completeWords(words: readonly string[]): Promise<readonly string[]> {
  if (words.every((word) => commonOptions.some(({ flags }) => flags === word))) return [...words, "--help"];
  const at = words.findIndex((word) => !word.startsWith("-"));
  const entry = commands.find(({ name }) => name === words[at]);
  const rest = words.slice(at + 1);
  if (entry === undefined || rest.some((word) => word === "-h" || word === "--help")) return words;
  const { fallback, subcommands = [] } = await entry.load();
  if (fallback === undefined || rest[0]?.startsWith("-") === false) return words;
  if (rest.some((word) => subcommands.some(({ name }) => name === word))) return words;
  return [...words.slice(0, at + 1), fallback, ...rest];
}

/** Errors are thrown, not printed: main prints them, as JSON too. */
function prepare(command: Command): Command {
  return command
    .exitOverride()
    .helpCommand(false)
    .helpOption("-h, --help", "show this")
    .allowExcessArguments(false)
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .configureHelp({
      sortSubcommands: false,
      subcommandTerm: (inner) =>
        `${inner.name()} ${inner.usage().replace("[options]", "").replace("[command]", "").trim()}`.trim(),
    });
}

function addOption(command: Command, { flags, text, choices, parse }: OptionDefinition): void {
  const option = new Option(flags, text);
  if (choices !== undefined) option.choices([...choices]);
  if (parse !== undefined) option.argParser(parse);
  command.addOption(option);
}

function examples(lines: readonly (readonly [line: string, text: string])[]): string {
  const width = Math.max(...lines.map(([line]) => line.length));
  return ["", "Examples:", ...lines.map(([line, text]) => `  $ ${line.padEnd(width)}  ${text}`.trimEnd())].join("\n");
}

/** What commander refused, in our words; undefined where it only printed help or the version. */
export function toUsageError(error: CommanderError, words: readonly string[]): Error | undefined {
  if (error.exitCode === 0) return undefined;
  const problem = error.message
    .replace(/^error: /, "")
    .replace(/\s*\((Did you mean .*)\)$/s, "; $1")
    .replaceAll("'", "");
  const named = commands.find(({ name }) => words.includes(name));
  return usage({ problem: toSentence(problem), command: named === undefined ? "slipway" : `slipway ${named.name}` });
}

function toSentence(text: string): string {
  return text.replace(/; Did you mean/, "; did you mean");
}
