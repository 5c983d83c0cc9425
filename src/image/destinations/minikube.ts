import { silent } from "../../base/progress.ts";
import { importIncomplete } from "../errors.ts";
import { printImage } from "../manifest.ts";
import { isImportedName } from "../imported-name.ts";
import { herePlatform } from "../platform.ts";
import { dockerArchive } from "./archive.ts";
import type { Importer, ImporterSettings } from "./importer.ts";
import { runProgram, type Program } from "./program.ts";

/** `minikube`, or `minikube:profile`: all nodes of it, whatever runs its containers. */
export function openMinikube(profile = "minikube", { environment }: ImporterSettings = {}): Importer {
  const destination = `minikube ${profile}`;
  const program: Program = ["minikube", "-p", profile];
  const list = async (signal: AbortSignal | undefined): Promise<string[]> =>
    (await runProgram(program, ["image", "ls"], { destination, environment, signal })).split(/\s+/);
  return {
    name: destination,
    async platform(signal) {
      await list(signal);
      return herePlatform();
    },
    import: async (image, names, { report = silent, signal } = {}) => {
      const settings = { destination, environment, signal };
      const { manifest, config } = printImage(image);
      // It sends all each time; a name that is made of the image's digest stands for nothing else.
      if (names.length > 0 && names.every((name) => isImportedName(name, manifest.descriptor.digest))) {
        const listed = await list(signal);
        if (names.every((name) => listed.includes(name)))
          return { digest: config.descriptor.digest, places: [{ place: destination, sent: 0 }] };
      }
      const archive = await dockerArchive(image, names);
      const tell = (done: number): void =>
        report({ step: "image", label: `import into ${destination}`, done, total: archive.size });
      // `-` is its word for standard input.
      await runProgram(program, ["image", "load", "-"], { ...settings, input: archive, tell });
      // It ends well even where a node refused the image, so its list is asked.
      const listed = await list(signal);
      const missing = names.filter((name) => !listed.includes(name));
      if (missing.length > 0)
        throw importIncomplete({ destination, why: `\`minikube image ls\` does not list ${missing.join(", ")}` });
      return {
        digest: config.descriptor.digest,
        places: [{ place: destination, sent: archive.size }],
      };
    },
  };
}
