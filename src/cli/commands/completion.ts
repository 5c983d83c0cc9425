import tab from "@bomb.sh/tab/commander";
import { defineCommand } from "../command.ts";
import { optionInvalid } from "../errors.ts";
import { buildProgram } from "../program.ts";
import type { Command } from "commander";

const shells = ["bash", "zsh", "fish"];

export const completion = defineCommand({
  description: "Prints a script that completes commands and options in your shell.",
  arguments: [["<shell>", shells.join(", ")]],
  examples: [
    ["source <(slipway completion bash)", "in ~/.bashrc"],
    ["source <(slipway completion zsh)", "in ~/.zshrc"],
    ["slipway completion fish | source", "in ~/.config/fish/config.fish"],
  ],
  async run(_io, { args: [shell = ""] }) {
    if (!shells.includes(shell)) throw optionInvalid({ option: "<shell>", seen: shell, wanted: shells.join(", ") });
    await (await buildWholeTree()).parseAsync(["completion", shell], { from: "user" });
  },
});

/** What the scripts call while a person types: `slipway complete -- models l`. */
export const complete = defineCommand({
  async run(_io, { args }) {
    await (await buildWholeTree()).parseAsync(["complete", ...args], { from: "user" });
  },
});

/** The tree with the library's two commands in place of ours. */
async function buildWholeTree(): Promise<Command> {
  const root = await buildProgram("all", () => {});
  const inner = root.commands as Command[];
  inner.splice(
    inner.findIndex((command) => command.name() === "completion"),
    1,
  );
  shortenDescriptions(root);
  tab(root, { completionCommandName: "completion" });
  return root;
}

/** A shell has one line for each: the summaries. */
function shortenDescriptions(parent: Command): void {
  for (const command of parent.commands as Command[]) {
    command.description(command.summary());
    shortenDescriptions(command);
  }
}
