import { shortDigest } from "../../base/digest.ts";
import { lockName } from "../../data/lock.ts";
import { lockDataset } from "../../data/status.ts";
import { describeContents } from "../../way/describe.ts";
import { defineCommand } from "../command.ts";
import { openProjectDataset } from "../dataset.ts";
import { projectOption } from "../project.ts";

export const lock = defineCommand({
  options: [projectOption],
  examples: [["slipway data lock", "then commit slipway.lock.json"]],
  async run(io, { options }) {
    const { project, dataset } = await openProjectDataset(io, options);
    const { state, lock: made, lines } = lockDataset(dataset, project.root);
    const { digest, count, labels, lockedAt } = made;
    io.document({ state, digest, count, labels, lockedAt, changes: lines });
    const what = `${describeContents(dataset)} · ${shortDigest(digest)}`;
    const done = { made: `locked in ${lockName}`, replaced: `locked anew in ${lockName}`, kept: "locked already" };
    io.print(`${io.paint("green", "✔")} ${done[state]}: ${what}`);
    for (const line of lines) io.print(`  ${line}`);
  },
});
