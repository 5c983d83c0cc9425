import { once } from "node:events";
import { openInBrowser } from "../browser.ts";
import { defineCommand } from "../command.ts";
import { projectOption } from "../project.ts";
import { openTarget, targetOptions } from "../targets.ts";

export const open = defineCommand({
  description:
    "Opens the endpoint's page in the browser. Where the service is not exposed, a port is forwarded and the command stays until Ctrl-C.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: [...targetOptions, projectOption, { flags: "--print", text: "print the address and open nothing" }],
  examples: [
    ["slipway open", ""],
    ["slipway open --target kind-dev --print", "the address alone"],
  ],
  async run(io, { args: [folder], options }) {
    await using stack = new AsyncDisposableStack();
    const { target } = await openTarget(options, folder);
    stack.defer(() => target.close());
    const reached = await target.reach();
    try {
      const page = `${reached.url}/`;
      io.document({ target: target.name, url: page });
      io.print(page);
      if (options["print"] !== true && !(await openInBrowser(page)))
        io.note("no program opens web pages here: copy the address above");
      if (reached.forwarded === true && !io.signal.aborted) {
        io.note(`  ${"stop".padEnd(12)}Ctrl-C`);
        await once(io.signal, "abort");
      }
    } finally {
      await reached.close();
    }
  },
});
