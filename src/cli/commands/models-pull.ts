import { copyNamed, insecureOption, openNamedRegistry } from "../copies.ts";
import { defineCommand } from "../command.ts";
import { openProject, projectOption } from "../project.ts";

export const pull = defineCommand({
  description:
    "Copies a model from an OCI registry, or from an MLflow server, into the project's store, checked against its digest. It moves no alias here unless --alias says so.",
  arguments: [
    ["<registry>", "where from: host and prefix, as localhost:5001/models; or mlflow+http://host:5000"],
    ["[model]", "which model there (default: the champion of the project's name)"],
  ],
  options: [projectOption, { flags: "--alias <alias>", text: "point this alias at it here" }, insecureOption],
  examples: [
    ["slipway models pull localhost:5001/models --alias champion", ""],
    ["slipway models pull mlflow+http://127.0.0.1:5000 --alias champion", "from an MLflow server"],
    ["slipway models pull registry.example.com/team/models digits@sha256:9f3c…", ""],
  ],
  async run(io, { args: [prefix = "", reference], options }) {
    const { project, store } = await openProject(options);
    const registry = openNamedRegistry(prefix, io, options);
    await copyNamed(io, registry, store, reference ?? project.definition.name, options["alias"]);
  },
});
