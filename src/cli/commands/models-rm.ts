import { shortDigest } from "../../base/digest.ts";
import { defineCommand } from "../command.ts";
import { openProject, projectOption } from "../project.ts";

export const rm = defineCommand({
  description: "Removes a model from the store. Its space is freed by `slipway models gc`.",
  arguments: [["<model>", "which model"]],
  options: [projectOption, { flags: "--force", text: "remove it though an alias points at it; the alias goes too" }],
  examples: [["slipway models rm digits@sha256:9f3c…", ""]],
  async run(io, { args: [reference = ""], options }) {
    const { store } = await openProject(options);
    const removed = await store.remove(reference, { force: options["force"] === true });
    io.document(removed);
    io.print(`${io.paint("green", "✔")} removed ${removed.name}@${shortDigest(removed.digest)}`);
  },
});
