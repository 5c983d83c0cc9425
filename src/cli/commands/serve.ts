import { deployLocal } from "../../deploy/targets/local.ts";
import { storeFolder } from "../../artifact/store/layout.ts";
import { chooseHost, choosePort } from "../../way/serve-step.ts";
import { defineCommand } from "../command.ts";
import { openProject, portOption, projectOption } from "../project.ts";
import { stayInForeground } from "../serving.ts";
import { describeLog } from "../view/log.ts";

export const serve = defineCommand({
  description:
    "Serves a stored model: the champion, or the one that is named. It trains and verifies nothing; `slipway up` does. Then it stays until Ctrl-C.",
  arguments: [["[model]", "which model (default: the project's champion)"]],
  options: [projectOption, portOption, { flags: "--detach", text: "end and leave the server running" }],
  examples: [
    ["slipway serve", ""],
    ["slipway serve digits@sha256:9f3c… --port 8080", "another model than the champion"],
  ],
  async run(io, { args: [reference], options }) {
    const { project, store } = await openProject(options);
    const { name } = project.definition;
    const artifact = await store.get(reference ?? `${name}:champion`);
    const release = await deployLocal({
      root: project.root,
      appPath: project.appPath,
      storePath: storeFolder(project.root),
      // A named alias is followed at each refresh; a digest stays what it is.
      model: reference ?? `${name}:champion`,
      digest: artifact.digest,
      host: chooseHost(),
      port: choosePort(project, options["port"] as number | undefined),
      detach: options["detach"] === true,
      onLog: (line) => describeLog(line, io),
      signal: io.signal,
    });
    const { url, pid, port, outcome } = release;
    io.document({ name, digest: artifact.digest, url, pid, port, outcome });
    io.print(
      `${io.paint("green", "✔")} ${name}@${artifact.digest.slice(0, 19)}… at ${url}${outcome === "started" ? "" : ` · already running (pid ${pid})`}`,
    );
    await stayInForeground(io, release);
  },
});
