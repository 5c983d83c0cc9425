import { once } from "node:events";
import { defineCommand } from "../command.ts";
import { parseWhole, projectOption } from "../project.ts";
import { openTarget, targetOptions } from "../targets.ts";

export const forward = defineCommand({
  description:
    "Makes the endpoint answer on a port of this machine until Ctrl-C, through the cluster's API: for a service that is not exposed.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: [
    ...targetOptions,
    projectOption,
    {
      flags: "--port <port>",
      text: "of this machine (default: any free one)",
      parse: (text) => parseWhole("--port", text, 0, 65_535),
    },
  ],
  examples: [["slipway forward --target kind-dev --port 8080", "then: curl http://127.0.0.1:8080/readyz"]],
  async run(io, { args: [folder], options }) {
    await using stack = new AsyncDisposableStack();
    const { target } = await openTarget(options, folder);
    stack.defer(() => target.close());
    const reached = await target.forward((options["port"] as number | undefined) ?? 0);
    try {
      io.document({ target: target.name, url: reached.url });
      io.print(`${reached.url} → ${target.description}`);
      io.print(`  ${"stop".padEnd(12)}Ctrl-C`);
      if (!io.signal.aborted) await once(io.signal, "abort");
    } finally {
      await reached.close();
    }
  },
});
