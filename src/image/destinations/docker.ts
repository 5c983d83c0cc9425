/** @file Docker, podman and what speaks like them: a docker archive on their standard input. */
import { isDigest, type Digest } from "../../base/digest.ts";
import { silent } from "../../base/progress.ts";
import { importIncomplete } from "../errors.ts";
import { printImage } from "../manifest.ts";
import { herePlatform, parsePlatform } from "../platform.ts";
import { dockerArchive } from "./archive.ts";
import type { Importer, ImporterSettings } from "./importer.ts";
import { runProgram, type Program } from "./program.ts";

/** Docker's own images: those that the Kubernetes of Docker Desktop runs, too. */
export function openDocker(settings: ImporterSettings = {}): Importer {
  return openEngine("docker", ["docker"], ["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"], settings);
}

export function openPodman(settings: ImporterSettings = {}): Importer {
  return openEngine("podman", ["podman"], ["version", "--format", "{{.Server.OsArch}}"], settings);
}

/** containerd behind nerdctl, as Rancher Desktop has it. */
export function openNerdctl(settings: ImporterSettings = {}): Importer {
  const { namespace = "k8s.io" } = settings;
  return openEngine("nerdctl", ["nerdctl", "--namespace", namespace], undefined, settings);
}

function openEngine(
  name: string,
  program: Program,
  askPlatform: readonly string[] | undefined,
  { environment }: ImporterSettings,
): Importer {
  const settings = { destination: name, environment };
  return {
    name,
    async platform(signal) {
      const said = await runProgram(program, askPlatform ?? ["version"], { ...settings, signal });
      return askPlatform === undefined ? herePlatform() : parsePlatform(said.trim());
    },
    import: async (image, names, { report = silent, signal } = {}) => {
      const run = (words: readonly string[], more: object = {}) =>
        runProgram(program, words, { ...settings, signal, ...more });
      const { config, manifest } = printImage(image);
      // Classic stores call an image by its config, docker's containerd store by its manifest; the archive makes one of its own.
      const wanted: readonly string[] = [config.descriptor.digest, manifest.descriptor.digest];
      const look = async (): Promise<string[]> => {
        // It fails where one of the names is not there, and prints the others.
        const output = await run(["image", "inspect", "--format", "{{.Id}}", ...names]).catch(() => "");
        return output
          .split(/\s+/)
          .filter((id) => id !== "")
          .map(toDigest);
      };
      const before = await look();
      if (before.length === names.length && before.every((id) => wanted.includes(id)))
        return { digest: before[0] as Digest, places: [{ place: name, sent: 0 }] };
      const archive = await dockerArchive(image, names);
      const tell = (done: number): void =>
        report({ step: "image", label: `import into ${name}`, done, total: archive.size });
      await run(["load"], { input: archive, tell });
      const after = await look();
      const [digest] = after;
      if (after.length !== names.length || digest === undefined || !isDigest(digest))
        throw importIncomplete({
          destination: name,
          why: `\`${name} image inspect\` finds ${after.length} of ${names.join(", ")}`,
        });
      return { digest, places: [{ place: name, sent: archive.size }] };
    },
  };
}

/** podman leaves the algorithm out. */
function toDigest(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? `sha256:${id}` : id;
}
