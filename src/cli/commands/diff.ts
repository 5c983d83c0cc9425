import { loadProject } from "../../project/load.ts";
import { chooseCluster, clusterOptions } from "../cluster.ts";
import { defineCommand } from "../command.ts";
import { optionInvalid } from "../errors.ts";

export const diff = defineCommand({
  description:
    "Shows what `slipway up` would change on a cluster, field by field, and changes nothing: not here, not there. The cluster itself tries it (server-side dry run). What is secret is not shown.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: clusterOptions,
  examples: [["slipway diff --target work", ""]],
  async run(io, { args: [folder = "."], options }) {
    const project = await loadProject(folder);
    const cluster = chooseCluster(project, options);
    if (cluster === undefined)
      throw optionInvalid({
        option: "--target",
        seen: "local",
        wanted: "a kubeconfig context: only a cluster has objects to compare",
      });
    const { planThere } = await import("../up-there.ts");
    await planThere(io, project, cluster);
  },
});
