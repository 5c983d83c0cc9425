import { shortDigest } from "../../base/digest.ts";
import { defineCommand } from "../command.ts";
import { openProject, projectOption } from "../project.ts";
import { formatAge, formatBytes, formatTable } from "../view/format.ts";

export const list = defineCommand({
  arguments: [["[name]", "only models of this name"]],
  options: [projectOption],
  examples: [
    ["slipway models list", ""],
    ["slipway models list --json", "all of their lineage"],
  ],
  async run(io, { args: [name], options }) {
    const { store } = await openProject(options);
    const artifacts = await store.list(name);
    io.document(artifacts);
    if (artifacts.length === 0) {
      io.print("no models yet: `slipway up` or `slipway train` makes one");
      return;
    }
    const rows = artifacts.map(({ name: own, digest, aliases, lineage, model, createdAt }) => [
      own,
      shortDigest(digest),
      io.paint("green", aliases.join(", ")),
      Object.entries(lineage.metrics)
        .slice(0, 3)
        .map(([metric, value]) => `${metric} ${Number(value.toPrecision(4))}`)
        .join(", "),
      shortDigest(lineage.dataset.digest),
      formatBytes(model.size),
      formatAge(createdAt),
    ]);
    for (const line of formatTable(["model", "digest", "alias", "metrics", "data", "size", "trained"], rows))
      io.print(line);
  },
});
