import { shortDigest, shortReference } from "../../base/digest.ts";
import { defineCommand } from "../command.ts";
import { projectOption } from "../project.ts";
import { openTarget, targetOptions } from "../targets.ts";
import { formatAge, formatTable } from "../view/format.ts";

export const history = defineCommand({
  description: "What was released on a target, by whom, the newest first.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: [...targetOptions, projectOption],
  examples: [
    ["slipway history", ""],
    ["slipway history --target kind-dev --json", ""],
  ],
  async run(io, { args: [folder], options }) {
    await using stack = new AsyncDisposableStack();
    const { target } = await openTarget(options, folder);
    stack.defer(() => target.close());
    const releases = (await target.history()).toReversed();
    io.document(releases);
    if (releases.length === 0) {
      io.print("no releases yet: `slipway up` makes one");
      return;
    }
    const rows = releases.map(({ number, at, by, model, image }) => [
      String(number),
      formatAge(at),
      by,
      model === undefined ? "" : shortDigest(model),
      image === undefined ? "" : shortReference(image),
    ]);
    for (const line of formatTable(["release", "when", "by", "model", "image"], rows)) io.print(line);
  },
});
