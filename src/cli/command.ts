/** @file What a command is: plain data and a function. One file each in commands/, one line in commands/index.ts. */
import type { Io } from "./io.ts";

export interface CommandDefinition {
  /** One or more sentences for `--help`; the list holds the summary. */
  description?: string;
  /** In commander's notation: `<file...>`, `[project]`. */
  arguments?: readonly (readonly [notation: string, text: string])[];
  options?: readonly OptionDefinition[];
  examples?: readonly (readonly [line: string, text: string])[];
  /** Without it the command only groups its subcommands. */
  run?: (io: Io, input: Input) => Promise<void>;
  subcommands?: readonly CommandEntry[];
  /** Name of the subcommand that runs when none is named. */
  fallback?: string;
}

export interface OptionDefinition {
  /** In commander's notation: `--port <port>`. */
  flags: string;
  text: string;
  choices?: readonly string[];
  /** Checks and turns the text into a value; throws `optionInvalid`. */
  parse?: (text: string) => unknown;
}

export interface CommandEntry {
  name: string;
  /** One line, without a full stop. */
  summary: string;
  load: () => Promise<CommandDefinition>;
}

export interface Input {
  /** One string per argument; a variadic one is spread at the end. */
  args: readonly string[];
  options: Readonly<Record<string, unknown>>;
}

/** Types a command where it is written. */
export function defineCommand(definition: CommandDefinition): CommandDefinition {
  return definition;
}
