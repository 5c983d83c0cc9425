import { shortDigest } from "../../base/digest.ts";
import { datasetStatus } from "../../data/status.ts";
import { describeContents } from "../../way/describe.ts";
import { defineCommand } from "../command.ts";
import { openProjectDataset } from "../dataset.ts";
import { projectOption } from "../project.ts";

export const status = defineCommand({
  description: "Tells whether the files are those of the lock. The exit code is 0 either way; --json tells them apart.",
  options: [projectOption],
  examples: [["slipway data status --json", ""]],
  async run(io, { options }) {
    const { project, dataset } = await openProjectDataset(io, options);
    const found = datasetStatus(dataset, project.root);
    io.document({ ...found, warnings: dataset.warnings });
    io.print(`${describeContents(dataset)} · ${shortDigest(found.digest)}`);
    if (found.state === "unlocked")
      io.print("  not locked yet: `slipway data lock`, or the first `slipway up`, does it");
    if (found.state === "same") io.print(`${io.paint("green", "✔")} as locked at ${found.locked?.lockedAt}`);
    if (found.state !== "differs") return;
    io.print(`${io.paint("yellow", "!")} differs from what was locked at ${found.locked?.lockedAt}`);
    for (const line of found.lines) io.print(`  ${line}`);
    io.print("  `slipway data lock` accepts the change, `slipway data diff` lists all of it");
  },
});
