import { silent } from "../../base/progress.ts";
import { importIncomplete } from "../errors.ts";
import { printImage } from "../manifest.ts";
import { herePlatform } from "../platform.ts";
import { dockerArchive } from "./archive.ts";
import type { Importer, ImporterSettings } from "./importer.ts";
import { runProgram, type Program } from "./program.ts";

/** `minikube`, or `minikube:profile`: all nodes of it, whatever runs its containers. */
export function openMinikube(profile = "minikube", { environment }: ImporterSettings = {}): Importer {
  const destination = `minikube ${profile}`;
  const program: Program = ["minikube", "-p", profile];
  return {
    name: destination,
    platform: async () => herePlatform(),
    import: async (image, names, { report = silent, signal } = {}) => {
      const settings = { destination, environment, signal };
      const archive = await dockerArchive(image, names);
      const tell = (done: number): void =>
        report({ step: "image", label: `import into ${destination}`, done, total: archive.size });
      // `-` is its word for standard input.
      await runProgram(program, ["image", "load", "-"], { ...settings, input: archive, tell });
      // It ends well even where a node refused the image, so its list is asked.
      const listed = (await runProgram(program, ["image", "ls"], settings)).split(/\s+/);
      const missing = names.filter((name) => !listed.includes(name));
      if (missing.length > 0)
        throw importIncomplete({ destination, why: `\`minikube image ls\` does not list ${missing.join(", ")}` });
      return {
        digest: printImage(image).config.descriptor.digest,
        places: [{ place: destination, sent: archive.size }],
      };
    },
  };
}
