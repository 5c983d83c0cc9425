import { relative, resolve } from "node:path";
import { defineCommand } from "../command.ts";
import { makeProject, templates } from "../init/make.ts";

export const init = defineCommand({
  description:
    "Makes a new project that works as it is: a slipway.config.ts, a README, and a small dataset to replace by your own.",
  arguments: [["[folder]", "where to make it; a new or an empty folder"]],
  options: [
    {
      flags: "--template <template>",
      text: `what to start from: ${Object.keys(templates).join(", ")} (default image)`,
    },
    { flags: "--name <name>", text: "the project's name (default: the folder's)" },
  ],
  examples: [
    ["slipway init my-model", "then: slipway up my-model"],
    ["slipway init my-texts --template text", ""],
    ["slipway init . --template image", "in this folder, if it is empty"],
  ],
  async run(io, { args, options }) {
    const given = { folder: args[0], template: options["template"] as string | undefined };
    const { folder, template } =
      io.interactive && given.folder === undefined
        ? await (await import("../init/ask.ts")).askForProject(given)
        : given;
    const made = makeProject({
      folder: resolve(folder ?? "."),
      template: template ?? "image",
      name: options["name"] as string | undefined,
    });
    io.document(made);
    const here = relative(process.cwd(), made.folder);
    io.print(`${io.paint("green", "✔")} ${made.name}: ${made.files} files in ${here === "" ? "this folder" : here}`);
    io.print(`  next  slipway up${here === "" ? "" : ` ${here}`}`);
  },
});
