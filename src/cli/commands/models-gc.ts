import { defineCommand } from "../command.ts";
import { openProject, projectOption } from "../project.ts";
import { formatBytes, formatItems } from "../view/format.ts";

export const gc = defineCommand({
  options: [projectOption],
  examples: [["slipway models gc", ""]],
  async run(io, { options }) {
    const { store } = await openProject(options);
    const freed = await store.collect();
    io.document(freed);
    io.print(
      freed.blobs === 0
        ? "nothing to free"
        : `${io.paint("green", "✔")} freed ${formatBytes(freed.bytes)} in ${formatItems(freed.blobs, "blob")}`,
    );
  },
});
