import { confirm, isCancel } from "@clack/prompts";
import { defineCommand } from "../command.ts";
import { cancelled } from "../errors.ts";
import { projectOption } from "../project.ts";
import { openTarget, targetOptions } from "../targets.ts";
import { formatItems } from "../view/format.ts";

export const down = defineCommand({
  description:
    "Takes away what Slipway made for the project on a target, and nothing else: the server here, or every object of its inventory on a cluster. Stored models and images stay.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: [
    ...targetOptions,
    projectOption,
    { flags: "--volumes", text: "volumes too, with what is on them" },
    { flags: "-y, --yes", text: "do not ask" },
  ],
  examples: [
    ["slipway down", ""],
    ["slipway down --target kind-dev --yes", "in CI"],
  ],
  async run(io, { args: [folder], options }) {
    await using stack = new AsyncDisposableStack();
    const { project, target } = await openTarget(options, folder);
    stack.defer(() => target.close());
    io.print(`${io.paint("bold", project.definition.name)} → ${target.description}`);
    // A server here is up again in a second; what a cluster serves, others may rely on.
    if (target.name !== "local" && io.interactive && options["yes"] !== true) {
      const sure = await confirm({
        message: `Take ${project.definition.name} down on ${target.name}?`,
        initialValue: false,
      });
      if (isCancel(sure) || !sure) throw cancelled({});
    }
    const removed: string[] = [];
    const count = await target.down({
      volumes: options["volumes"] === true,
      signal: io.signal,
      onRemoved(what) {
        removed.push(what);
        io.print(`  ${io.paint("red", "−")} ${what}`);
      },
    });
    io.document({ target: target.name, removed });
    io.print(count === 0 ? "  nothing was running" : `  ${formatItems(count, "thing")} removed`);
  },
});
