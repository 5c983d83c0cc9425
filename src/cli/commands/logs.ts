import { defineCommand } from "../command.ts";
import { parseWhole, projectOption } from "../project.ts";
import { openTarget, targetOptions } from "../targets.ts";

export const logs = defineCommand({
  description: "What the serving processes or pods say. Several are shown together, each line with its pod's name.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: [
    ...targetOptions,
    projectOption,
    { flags: "-f, --follow", text: "go on with what comes, until Ctrl-C" },
    {
      flags: "--tail <lines>",
      text: "begin with as many lines from the end (default 100)",
      parse: (text) => parseWhole("--tail", text, 0, 1_000_000),
    },
    { flags: "--previous", text: "of the pods before their last restart: why they crashed" },
  ],
  examples: [
    ["slipway logs --follow", ""],
    ["slipway logs --target kind-dev --previous", "the last words of a pod that crashed"],
  ],
  async run(io, { args: [folder], options }) {
    await using stack = new AsyncDisposableStack();
    const { target } = await openTarget(options, folder);
    stack.defer(() => target.close());
    const lines: { source: string; line: string }[] = [];
    const follow = options["follow"] === true;
    await target.logs({
      follow,
      tail: (options["tail"] as number | undefined) ?? 100,
      previous: options["previous"] === true,
      signal: io.signal,
      onLine(line, source) {
        // One document at the end would never come while following: JSON lines instead.
        if (io.json && follow) process.stdout.write(`${JSON.stringify({ source, line })}\n`);
        else if (io.json) lines.push({ source, line });
        else io.print(`${io.paint("dim", source)}  ${line}`);
      },
    });
    if (!follow) io.document(lines);
  },
});
