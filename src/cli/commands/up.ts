import { loadProject } from "../../project/load.ts";
import { replaceData } from "../../project/data.ts";
import { replaceWeights } from "../../project/weights.ts";
import { chooseCluster, clusterOptions } from "../cluster.ts";
import { defineCommand } from "../command.ts";
import { parseWhole, portOption } from "../project.ts";
import { stayInForeground } from "../serving.ts";
import { printSteps } from "../view/steps.ts";
import { describeLog } from "../view/log.ts";
import { writeCurl } from "../try-line.ts";
import { trainingOptions } from "./train.ts";

export const up = defineCommand({
  description:
    "Goes the whole way: freezes the data, trains, holds the model against the gate, stores it, serves it, and sends the validation images through the live endpoint. What is done already for the same digests is not done again. On this machine it then stays until Ctrl-C; on a cluster (--target) training is a Job, and what was deployed stays.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: [
    portOption,
    ...trainingOptions,
    ...clusterOptions,
    { flags: "--dry-run", text: "on a cluster: show what would change, field by field, and change nothing" },
    { flags: "--force-conflicts", text: "on a cluster: take over fields that others manage" },
    {
      flags: "--deadline <seconds>",
      text: "on a cluster: how long the pods may take to be ready (default: 600)",
      parse: (text) => parseWhole("--deadline", text, 1, 86_400),
    },
    { flags: "--exit", text: "stop what was started after the verification, and end: for CI" },
    { flags: "--detach", text: "end after the verification and leave the server running" },
  ],
  examples: [
    ["slipway up examples/digits", ""],
    ["slipway up --port 8080", ""],
    ["slipway up --target work", "on the cluster of the kubeconfig context `work`"],
    ["slipway up --exit --json", "in CI: everything checked, one JSON document"],
  ],
  async run(io, { args: [folder = "."], options }) {
    const loaded = replaceData(await loadProject(folder), options["data"] as string | undefined);
    const project = replaceWeights(loaded, options["weights"] as string | undefined);
    const cluster = chooseCluster(project, options);
    if (cluster !== undefined) {
      const { upThere } = await import("../up-there.ts");
      await upThere(io, project, cluster, options);
      return;
    }
    const way = await import("../../way/up.ts");
    io.print(`${io.paint("bold", project.definition.name)} → local`);
    const { report, signal } = io;
    const result = await way.up(project, {
      report,
      signal,
      onStep: printSteps(io),
      onLog: (line) => describeLog(line, io),
      resume: options["resume"] === true,
      force: options["force"] === true,
      sample: options["sample"] === true,
      detach: options["detach"] === true,
      ...(options["port"] !== undefined && { port: options["port"] as number }),
    });
    const { name, trained, release, steps } = result;
    io.document({
      name,
      ...(trained !== undefined && { digest: trained.digest }),
      url: release.url,
      pid: release.pid,
      steps,
    });
    io.print(`  ${"try".padEnd(12)}${writeCurl(project, { url: release.url, data: trained })}`);
    io.print(`  ${"playground".padEnd(12)}${release.url}/`);
    if (options["exit"] !== true) await stayInForeground(io, release);
    else if (release.attached) await release.stop();
  },
});
