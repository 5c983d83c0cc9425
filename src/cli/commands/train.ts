import { loadProject } from "../../project/load.ts";
import { replaceData } from "../../project/data.ts";
import { replaceWeights } from "../../project/weights.ts";
import { chooseCluster, clusterOptions } from "../cluster.ts";
import { defineCommand, type OptionDefinition } from "../command.ts";
import { printSteps } from "../view/steps.ts";

export const trainingOptions: readonly OptionDefinition[] = [
  { flags: "--resume", text: "continue an interrupted training from its checkpoint" },
  { flags: "--force", text: "train although a model of the same inputs is stored" },
  { flags: "--sample", text: "train on generated rows, where the project's loader offers some; they are not locked" },
  {
    flags: "--data <images,labels>",
    text: "other images than the project names, for this once: two IDX files, paths or URLs; they are not locked",
  },
  {
    flags: "--weights <path-or-url>",
    text: "other weights than weights({…}) names; size, digest and lock hold for them too",
  },
];

export const train = defineCommand({
  description:
    "Trains the project's model, holds it against the gate, stores it, and makes it the champion. A model of the same data, trainer and seed is not trained twice.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: [...trainingOptions, ...clusterOptions],
  examples: [
    ["slipway train", ""],
    ["slipway train --resume", "after Ctrl-C: to the same result as without it"],
    ["slipway train --target work", "by a Job on the cluster of the kubeconfig context `work`"],
  ],
  async run(io, { args: [folder = "."], options }) {
    const loaded = replaceData(await loadProject(folder), options["data"] as string | undefined);
    const project = replaceWeights(loaded, options["weights"] as string | undefined);
    const cluster = chooseCluster(project, options);
    if (cluster !== undefined) {
      const { trainThere } = await import("../up-there.ts");
      await trainThere(io, project, cluster, options);
      return;
    }
    const way = await import("../../way/up.ts");
    io.print(project.definition.name);
    const { report, signal } = io;
    const result = await way.train(project, {
      report,
      signal,
      onStep: printSteps(io),
      resume: options["resume"] === true,
      force: options["force"] === true,
      sample: options["sample"] === true,
    });
    const { name, digest, artifact, steps } = result;
    io.document({ name, digest, metrics: artifact.lineage.metrics, steps });
  },
});
