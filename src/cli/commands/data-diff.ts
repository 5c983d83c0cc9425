import { datasetDiff } from "../../data/status.ts";
import { defineCommand } from "../command.ts";
import { openProjectDataset } from "../dataset.ts";
import { projectOption } from "../project.ts";

export const diff = defineCommand({
  options: [projectOption],
  examples: [["slipway data diff", ""]],
  async run(io, { options }) {
    const { project, dataset } = await openProjectDataset(io, options);
    const found = datasetDiff(dataset, project.root);
    io.document({ ...(found.lockedAt !== undefined && { lockedAt: found.lockedAt }), ...found.difference });
    if (found.lines.length === 0) io.print("no difference");
    for (const line of found.lines) io.print(line);
  },
});
