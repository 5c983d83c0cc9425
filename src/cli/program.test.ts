import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import type { CommandDefinition, CommandEntry } from "./command.ts";
import { commands } from "./commands/index.ts";
import { buildProgram, type Chosen, completeWords } from "./program.ts";

async function choose(...words: string[]): Promise<Chosen | undefined> {
  let chosen: Chosen | undefined;
  const program = await buildProgram(words, (found) => (chosen = found));
  await program.parseAsync(words, { from: "user" });
  return chosen;
}

async function listAll(
  entries: readonly CommandEntry[] = commands,
  path = "",
): Promise<{ path: string; definition: CommandDefinition }[]> {
  const all = await Promise.all(
    entries.map(async (entry) => {
      const definition = await entry.load();
      const own = { path: `${path}${entry.name}`, definition };
      return [own, ...(await listAll(definition.subcommands ?? [], `${own.path} `))];
    }),
  );
  return all.flat();
}

const all = await listAll();

describe("every command", () => {
  test.each(all.filter(({ definition }) => definition.run !== undefined))(
    "$path has examples and --json",
    async ({ path, definition }) => {
      expect(definition.examples?.length).toBeGreaterThan(0);
      for (const [line] of definition.examples ?? []) expect(line).toMatch(/(^| |\()slipway /);
      let command: Command | undefined = await buildProgram("all", () => {});
      for (const word of path.split(" ")) command = command?.commands.find((inner) => inner.name() === word);
      expect(command?.options.map(({ long }) => long)).toContain("--json");
    },
  );

  test.each(all.filter(({ definition }) => definition.fallback !== undefined))(
    "$path falls back to one of its own",
    ({ definition }) => {
      expect(definition.subcommands?.map(({ name }) => name)).toContain(definition.fallback);
    },
  );
});

test("words become a command, its arguments and its options", async () => {
  expect(await choose("up", "folder", "--port", "80", "--json")).toMatchObject({
    args: ["folder"],
    options: { port: 80, json: true },
  });
  expect(await choose("--json", "models", "diff", "a", "b", "-p", "x")).toMatchObject({
    args: ["a", "b"],
    options: { project: "x", json: true },
  });
  expect(await choose("predict", "a.png", "b.png")).toMatchObject({ args: ["a.png", "b.png"] });
});

test.each([
  [[], ["--help"]],
  [["--json"], ["--json", "--help"]],
  [["models"], ["models", "list"]],
  [
    ["models", "-p", "x"],
    ["models", "list", "-p", "x"],
  ],
  [
    ["models", "--json", "list"],
    ["models", "--json", "list"],
  ],
  [
    ["models", "lst"],
    ["models", "lst"],
  ],
  [
    ["models", "--help"],
    ["models", "--help"],
  ],
  [
    ["up", "x"],
    ["up", "x"],
  ],
])("%j is run as %j", async (words, run) => {
  expect(await completeWords(words)).toEqual(run);
});
