/** @file What many commands begin with. */
import { openStore, storeFolder } from "../artifact/store/layout.ts";
import type { Store } from "../artifact/types.ts";
import { loadProject } from "../project/load.ts";
import type { Project } from "../project/types.ts";
import type { OptionDefinition } from "./command.ts";
import { optionInvalid } from "./errors.ts";

export const projectOption: OptionDefinition = {
  flags: "-p, --project <folder>",
  text: "the project's folder (default: this one, or the nearest above it)",
};

export const portOption: OptionDefinition = {
  flags: "--port <port>",
  text: "port to listen on; 0 takes any free one (default: PORT, the project's, 5000)",
  parse: (text) => parseWhole("--port", text, 0, 65_535),
};

export async function openProject(
  options: Readonly<Record<string, unknown>>,
): Promise<{ project: Project; store: Store }> {
  const project = await loadProject((options["project"] as string | undefined) ?? ".");
  return { project, store: await openStore(storeFolder(project.root)) };
}

export function parseWhole(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw optionInvalid({ option, seen: text, wanted: `a whole number from ${least} to ${most}` });
}
