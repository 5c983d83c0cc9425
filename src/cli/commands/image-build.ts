import { dockerArchive, ociArchive, writeArchive } from "../../image/destinations/archive.ts";
import { writeLayout } from "../../image/destinations/layout.ts";
import { defineCommand } from "../command.ts";
import { optionInvalid } from "../errors.ts";
import { buildNamed, imageOptions, listSummaries, printImages, trainerOption } from "../images.ts";

export const build = defineCommand({
  description:
    "Builds the serving image. A name that ends in .tar becomes one file (OCI's layout in a tar, or docker's with --docker); any other a folder with OCI's layout.",
  arguments: [["<output>", "file or folder to write"]],
  options: [
    ...imageOptions,
    trainerOption,
    { flags: "--name <name>", text: "the image's name inside (default: the project's, :latest)" },
    { flags: "--docker", text: "the archive that `docker load` reads; one platform only" },
  ],
  examples: [
    ["slipway image build digits.tar", "ctr images import digits.tar"],
    ["slipway image build digits.tar --docker --platform linux/amd64", "docker load -i digits.tar"],
  ],
  async run(io, { args: [output = ""], options }) {
    const docker = options["docker"] === true;
    const made = await buildNamed(io, options);
    const summaries = listSummaries(made);
    const name =
      (options["name"] as string | undefined) ??
      `${summaries[0]?.annotations["org.opencontainers.image.title"] ?? "model"}:latest`;
    if (docker && "images" in made)
      throw optionInvalid({ option: "--docker", seen: "several platforms", wanted: "one: --platform linux/amd64" });
    if (docker && !("images" in made)) await writeArchive(await dockerArchive(made, name), output);
    else if (output.endsWith(".tar")) await writeArchive(ociArchive(made, name), output);
    else await writeLayout(made, output, name);
    io.document({ output, name, images: summaries });
    printImages(io, made);
    io.print(`${io.paint("green", "✔")} ${name} → ${output}`);
  },
});
