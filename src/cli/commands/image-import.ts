import { findImporter, printDestinations } from "../../image/destinations/find.ts";
import { importedName } from "../../image/imported-name.ts";
import { printImage } from "../../image/manifest.ts";
import type { Platform } from "../../image/types.ts";
import { defineCommand } from "../command.ts";
import { optionInvalid } from "../errors.ts";
import { buildNamed, imageOptions, listSummaries, trainerOption } from "../images.ts";
import { formatBytes } from "../view/format.ts";

export const importImage = defineCommand({
  description:
    "Builds the serving image and brings it where containers run, without a registry. Only what is missing there is sent. Pods that use it need imagePullPolicy: Never.",
  options: [
    { flags: "--to <destination>", text: `${printDestinations()} (default: containerd)` },
    ...imageOptions.map((option) =>
      option.flags.startsWith("--platform")
        ? { ...option, text: "linux/amd64 or linux/arm64 (default: what the destination runs)" }
        : option,
    ),
    trainerOption,
    { flags: "--name <name>", text: "its name there (default: slipway.local/<project>:<digest>)" },
    { flags: "--namespace <namespace>", text: "containerd's namespace (default: k8s.io, where pods' images are)" },
  ],
  examples: [
    ["slipway image import", "into this machine's containerd; root owns it, so with sudo"],
    ["slipway image import --to kind:dev", "into every node of the kind cluster `dev`"],
    ["slipway image import --to docker --name digits:v1", "for `docker run`"],
  ],
  async run(io, { options }) {
    const namespace = options["namespace"] as string | undefined;
    const importer = findImporter((options["to"] as string | undefined) ?? "containerd", {
      ...(namespace !== undefined && { namespace }),
    });
    const platform = (options["platform"] as Platform[] | undefined) ?? [await importer.platform(io.signal)];
    const made = await buildNamed(io, { ...options, platform });
    if ("images" in made)
      throw optionInvalid({ option: "--platform", seen: "several", wanted: "one: a node runs one architecture" });
    const { digest } = printImage(made).manifest.descriptor;
    const title = made.annotations["org.opencontainers.image.title"] ?? "model";
    const name = (options["name"] as string | undefined) ?? importedName(title, digest);
    const { places, digest: there } = await importer.import(made, [name], { report: io.report, signal: io.signal });
    io.document({ name, digest, to: importer.name, id: there, places, images: listSummaries(made) });
    for (const { place, sent } of places)
      io.print(`  ${place}  ${sent === 0 ? "had it already" : `sent ${formatBytes(sent)}`}`);
    io.print(`${io.paint("green", "✔")} ${name} → ${importer.name}`);
  },
});
