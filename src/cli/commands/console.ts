import { once } from "node:events";
import { loadProject } from "../../project/load.ts";
import { openInBrowser } from "../browser.ts";
import { defineCommand } from "../command.ts";
import { parseWhole, projectOption } from "../project.ts";

export const consoleCommand = defineCommand({
  description:
    "Shows the project in the browser: its data and lock, the label audit with pictures of what it suspects, its models and where they come from. Answers this machine only, until Ctrl-C.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: [
    projectOption,
    {
      flags: "--port <port>",
      text: "port to listen on; 0 takes any free one (default: 5050, or the next free one)",
      parse: (text) => parseWhole("--port", text, 0, 65_535),
    },
    { flags: "--open", text: "open the page in the browser" },
  ],
  examples: [
    ["slipway console --open", ""],
    ["slipway console examples/digits --port 0 --json", "the address, for programs"],
  ],
  async run(io, { args: [folder], options }) {
    const { root, definition } = await loadProject(folder ?? (options["project"] as string | undefined) ?? ".");
    const { openConsole } = await import("../../console/server.ts");
    const port = options["port"] as number | undefined;
    const opened = await openConsole({ root, ...(port !== undefined && { port }) });
    try {
      const page = `${opened.url}/`;
      io.document({ project: definition.name, url: page, port: opened.port });
      io.print(`${io.paint("bold", definition.name)} → ${page}`);
      if (options["open"] === true && !(await openInBrowser(page)))
        io.note("no program opens web pages here: copy the address above");
      io.note(`  ${"stop".padEnd(12)}Ctrl-C`);
      if (!io.signal.aborted) await once(io.signal, "abort");
    } finally {
      await opened.close();
    }
  },
});
