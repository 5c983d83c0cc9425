import { copyNamed, insecureOption, openNamedRegistry } from "../copies.ts";
import { defineCommand } from "../command.ts";
import { openProject, projectOption } from "../project.ts";

export const push = defineCommand({
  description:
    "Copies a model to an OCI registry, or to an MLflow server, byte for byte: its digest stays. In a registry each model is a repository below the prefix, each alias a tag. What the registry has is not sent again; logins are those of `docker login` and `podman login`. In MLflow it is a version of a registered model, with the run that made it; logins are MLFLOW_TRACKING_USERNAME and the like.",
  arguments: [
    ["<registry>", "where to: host and prefix, as localhost:5001/models; or mlflow+http://host:5000"],
    ["[model]", "which model (default: the project's champion)"],
  ],
  options: [projectOption, { flags: "--alias <alias>", text: "point this alias at it there" }, insecureOption],
  examples: [
    ["slipway models push localhost:5001/models", ""],
    ["slipway models push registry.example.com/team/models digits@sha256:9f3c… --alias champion", ""],
    ["slipway models push mlflow+http://127.0.0.1:5000 --alias champion", "an MLflow server"],
  ],
  async run(io, { args: [prefix = "", reference], options }) {
    const { project, store } = await openProject(options);
    const registry = openNamedRegistry(prefix, io, options);
    await copyNamed(io, store, registry, reference ?? project.definition.name, options["alias"]);
  },
});
