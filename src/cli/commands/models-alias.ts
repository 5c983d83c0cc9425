import { shortDigest } from "../../base/digest.ts";
import { defineCommand } from "../command.ts";
import { openProject, projectOption } from "../project.ts";

export const alias = defineCommand({
  description:
    "Points an alias at a model. Moving `champion` back to an older model is a rollback: a running server follows at its next refresh, or with `slipway up`.",
  arguments: [
    ["<model>", "which model"],
    ["<alias>", "the alias: champion, or a word of your own"],
  ],
  options: [projectOption, { flags: "--delete", text: "take the alias away from the model" }],
  examples: [
    ["slipway models alias digits@sha256:9f3c… champion", ""],
    ["slipway models alias digits:old old --delete", ""],
  ],
  async run(io, { args: [reference = "", name = ""], options }) {
    const { store } = await openProject(options);
    const artifact = await store.get(reference);
    if (options["delete"] === true) await store.removeAlias(artifact.name, name);
    else await store.setAlias(artifact.name, name, artifact.digest);
    const deleted = options["delete"] === true;
    io.document({ name: artifact.name, alias: name, digest: artifact.digest, deleted });
    io.print(
      `${io.paint("green", "✔")} ${artifact.name}:${name} ${deleted ? "is gone" : `→ ${shortDigest(artifact.digest)}`}`,
    );
  },
});
