import { diffArtifacts, type Change } from "../../artifact/diff.ts";
import { defineCommand } from "../command.ts";
import { openProject, projectOption } from "../project.ts";
import { formatTable } from "../view/format.ts";

export const diff = defineCommand({
  arguments: [
    ["<before>", "the first model"],
    ["[after]", "the second (default: the project's champion)"],
  ],
  options: [projectOption],
  examples: [["slipway models diff 1a2b digits:champion", ""]],
  async run(io, { args: [before = "", after], options }) {
    const { project, store } = await openProject(options);
    const [first, second] = await Promise.all([store.get(before), store.get(after ?? project.definition.name)]);
    const found = diffArtifacts(first, second);
    io.document({ before: first.digest, after: second.digest, ...found });
    if (found.same) {
      io.print("the same model");
      return;
    }
    const { dataset, model } = found;
    const parts: [string, readonly (Change | undefined)[]][] = [
      ["metric", found.metrics],
      ["parameter", found.parameters],
      ["data", [dataset.digest, dataset.count, ...dataset.labels]],
      ["code", [found.code, found.trainer, found.seed]],
      ["version", found.versions],
      ["signature", found.signature],
      ["file", [model.digest, model.size]],
    ];
    const rows = parts.flatMap(([part, changes]) =>
      changes
        .filter((change) => change !== undefined)
        .map((change) => [part, change.path, write(change.before), write(change.after)]),
    );
    for (const line of formatTable(["what", "where", "before", "after"], rows)) io.print(line);
  },
});

function write(value: unknown): string {
  if (value === undefined) return "-";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
