import { pushImage } from "../../image/destinations/registry.ts";
import { openImage } from "../../oci/repository.ts";
import { parseImageReference } from "../../oci/reference.ts";
import { insecureOption } from "../copies.ts";
import { defineCommand } from "../command.ts";
import { buildNamed, imageOptions, listSummaries, trainerOption } from "../images.ts";
import { formatBytes } from "../view/format.ts";

export const push = defineCommand({
  description:
    "Builds the serving image and pushes it. What the registry has is not sent again; logins are those of `docker login` and `podman login`.",
  arguments: [["<image>", "its name there, as localhost:5001/digits:v1 (default tag: latest)"]],
  options: [...imageOptions, trainerOption, insecureOption],
  examples: [
    ["slipway image push localhost:5001/digits:v1", ""],
    ["slipway image push localhost:5001/digits:train --trainer", "what `slipway export` names for a schedule"],
    ["slipway image push registry.example.com/team/digits:v1 --base registry.example.com/base@sha256:…", ""],
  ],
  async run(io, { args: [name = ""], options }) {
    const { registry } = parseImageReference(name);
    const { repository, reference } = openImage(name, { insecure: options["insecure"] === true ? [registry] : [] });
    const made = await buildNamed(io, options);
    const { root, layers } = await pushImage(repository, made, {
      tags: [reference],
      report: io.report,
      signal: io.signal,
    });
    const sent = layers.filter(({ pushed }) => pushed === "uploaded");
    io.document({ name, digest: root.digest, layers, images: listSummaries(made) });
    for (const { name: layer, size, pushed } of layers)
      io.print(`  ${layer.padEnd(9)} ${formatBytes(size).padStart(9)}  ${pushed}`);
    const bytes = sent.reduce((sum, { size }) => sum + size, 0);
    io.print(`${io.paint("green", "✔")} ${name} · ${root.digest} · sent ${formatBytes(bytes)}`);
  },
});
