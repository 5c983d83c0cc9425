import type { Artifact } from "../../artifact/types.ts";
import { defineCommand } from "../command.ts";
import { openProject, projectOption } from "../project.ts";
import { formatBytes, formatCount, formatSeconds } from "../view/format.ts";

export const show = defineCommand({
  arguments: [["[model]", "which one (default: the project's champion)"]],
  options: [projectOption],
  examples: [["slipway models show digits:champion", ""]],
  async run(io, { args: [reference], options }) {
    const { project, store } = await openProject(options);
    const artifact = await store.get(reference ?? project.definition.name);
    const history = await store.history(artifact.name);
    const moves = history.filter(({ from, to }) => from === artifact.digest || to === artifact.digest);
    io.document({ ...artifact, moves });
    for (const [name, value] of describe(artifact)) io.print(`${io.paint("dim", name.padEnd(10))}  ${value}`);
    for (const { alias, to, at, by } of moves)
      io.print(
        `${io.paint("dim", "history".padEnd(10))}  ${at}  ${to === artifact.digest ? "became" : "was no longer"} ${alias}, by ${by}`,
      );
  },
});

function describe({ name, digest, aliases, model, signature, lineage, createdAt }: Artifact): [string, string][] {
  const tensors = (list: Artifact["signature"]["inputs"]): string =>
    list
      .map(
        (tensor) =>
          `${tensor.name} ${tensor.datatype}[${tensor.shape.map((size) => (size < 0 ? "batch" : size)).join(", ")}]`,
      )
      .join(", ");
  return [
    ["model", `${name}@${digest}`],
    ["aliases", aliases.join(", ") || "none"],
    [
      "metrics",
      Object.entries(lineage.metrics)
        .map(([metric, value]) => `${metric} ${Number(value.toPrecision(6))}`)
        .join(", "),
    ],
    [
      "data",
      `${lineage.dataset.digest} (${formatCount(lineage.dataset.count)} rows${lineage.dataset.sample === true ? ", a generated sample" : ""})`,
    ],
    [
      "labels",
      Object.entries(lineage.dataset.labels)
        .map(([label, count]) => `${label}: ${formatCount(count)}`)
        .join(", "),
    ],
    ["code", lineage.code],
    ["inputs", lineage.inputs],
    ["trainer", `${lineage.trainer}, seed ${lineage.seed}`],
    ["parameters", JSON.stringify(lineage.parameters)],
    ["trained", `${createdAt}, in ${formatSeconds(lineage.durationSeconds)}`],
    [
      "versions",
      Object.entries(lineage.versions)
        .map(([part, version]) => `${part} ${version}`)
        .join(", "),
    ],
    ["takes", tensors(signature.inputs)],
    ["gives", tensors(signature.outputs)],
    ["file", `${model.digest} (${formatBytes(model.size)})`],
  ];
}
