import { shortDigest, shortReference } from "../../base/digest.ts";
import type { TargetStatus } from "../../deploy/target.ts";
import { defineCommand } from "../command.ts";
import type { Io } from "../io.ts";
import { projectOption } from "../project.ts";
import { openTarget, targetOptions } from "../targets.ts";
import { formatAge, formatBytes, formatTable } from "../view/format.ts";

const colours = { running: "green", updating: "yellow", failing: "red", stopped: "dim" } as const;

export const status = defineCommand({
  description:
    "What runs of the project on a target: where it answers, which model, each process or pod, and what is wrong.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: [...targetOptions, projectOption],
  examples: [
    ["slipway status", ""],
    ["slipway status --target kind-dev --json", "everything, for programs"],
  ],
  async run(io, { args: [folder], options }) {
    await using stack = new AsyncDisposableStack();
    const { project, target } = await openTarget(options, folder);
    stack.defer(() => target.close());
    const found = await target.status();
    io.document({ project: project.definition.name, ...found });
    io.print(`${io.paint("bold", project.definition.name)} → ${target.description}`);
    print(found, io);
  },
});

function print(found: TargetStatus, io: Io): void {
  const { state, release, model, image, urls, replicas, trainings, findings } = found;
  const line = (name: string, text: string): void => io.print(`  ${io.paint("dim", name.padEnd(9))}  ${text}`);
  line("state", io.paint(colours[state], state) + (release === undefined ? "" : ` · release ${release}`));
  if (model !== undefined) line("model", shortDigest(model));
  if (image !== undefined) line("image", shortReference(image));
  for (const url of urls) line("url", url);
  for (const { name, state: at, schedule, startedAt } of trainings)
    line("training", [name, at, schedule, startedAt && formatAge(startedAt)].filter(Boolean).join(" · "));
  if (replicas.length > 0) {
    io.print();
    const rows = replicas.map(({ name, ready, state: at, node, restarts, memory, startedAt }) => [
      `${io.paint(ready ? "green" : "red", ready ? "✔" : "✖")} ${name}`,
      at,
      node ?? "",
      String(restarts),
      memory === undefined ? "" : formatBytes(memory),
      startedAt === undefined ? "" : formatAge(startedAt),
    ]);
    for (const text of formatTable(["  serves", "state", "on", "restarts", "memory", "started"], rows))
      io.print(`  ${text}`);
  }
  for (const { cause, mend } of findings) {
    io.print();
    io.print(`  ${io.paint("red", "✖")} ${cause}`);
    io.print(`    → ${mend}`);
  }
}
