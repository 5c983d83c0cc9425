/** @file An image into a containerd by its own program, `ctr`, wherever that runs: here, in a node of kind, behind `k3s`. */
import type { Digest } from "../../base/digest.ts";
import { silent } from "../../base/progress.ts";
import { importIncomplete } from "../errors.ts";
import type { Image } from "../types.ts";
import { ociArchive } from "./archive.ts";
import { listContent } from "./content.ts";
import type { ImportedPlace, ImportOptions } from "./importer.ts";
import { runProgram, type Program } from "./program.ts";

export interface Ctr {
  /** With everything that goes before `images`: `["ctr", "-a", "/run/containerd/containerd.sock", "-n", "k8s.io"]`. */
  program: Program;
  /** For people: a node's name or a socket. */
  place: string;
  environment?: NodeJS.ProcessEnv | undefined;
  /** How `program` wants the words. Default: as they are. */
  toWords?: (words: readonly string[]) => readonly string[];
  /** How a message shows the command, where it is not for people to read. */
  show?: (words: readonly string[]) => string;
}

/**
 * Sends what that containerd lacks, and has it look at the result. The image has the digest there that it has in a registry.
 * Throws the errors of `runProgram`, and `importIncomplete`.
 */
export async function importByCtr(
  ctr: Ctr,
  image: Image,
  names: readonly string[],
  options: ImportOptions = {},
): Promise<ImportedPlace> {
  const { digest } = listContent(image).root;
  if (names.length > 0 && (await findFault(ctr, names, digest, options)) === undefined)
    return { place: ctr.place, sent: 0 };
  let sent = 0;
  const send = async (has: ReadonlySet<string>): Promise<string | undefined> => {
    sent += await feed(ctr, image, names, has, options);
    return findFault(ctr, names, digest, options);
  };
  const has = new Set((await run(ctr, ["content", "ls", "-q"], options)).split(/\s+/));
  const own = image.layers.some(({ descriptor }) => has.has(descriptor.digest));
  // What it had may be collected while we send the rest: then all of it goes, once.
  const fault = own ? await send(has).catch(() => send(new Set())) : await send(has);
  if (fault !== undefined) throw importIncomplete({ destination: ctr.place, why: fault });
  return { place: ctr.place, sent };
}

/** Throws the errors of `runProgram` where it does not answer, or does not let us in. */
export async function reachContainerd(ctr: Ctr, signal?: AbortSignal): Promise<void> {
  await run(ctr, ["version"], { signal });
}

async function feed(
  ctr: Ctr,
  image: Image,
  names: readonly string[],
  has: ReadonlySet<string>,
  options: ImportOptions,
): Promise<number> {
  const { report = silent } = options;
  const archive = ociArchive(image, names, { without: has });
  const label = `import into ${ctr.place}`;
  const tell = (done: number): void => report({ step: "image", label, done, total: archive.size });
  await run(ctr, ["images", "import", "-"], { ...options, input: archive, tell });
  return archive.size;
}

/** What is wrong with the image there under these names, or undefined where it is whole, unpacked and the one that is wanted. */
async function findFault(
  ctr: Ctr,
  names: readonly string[],
  digest: Digest,
  options: ImportOptions,
): Promise<string | undefined> {
  const filters = names.map((name) => `name==${JSON.stringify(name)}`);
  const lines = (await run(ctr, ["images", "check", ...filters], options)).split("\n");
  for (const name of names) {
    const line = lines.find((one) => one.startsWith(`${name} `));
    if (line === undefined) return `there is no ${name}`;
    const [, seen, status] =
      /(sha256:[0-9a-f]{64})\s+(\w+)\s+\(\d+\/\d+\).*\strue\s*$/.exec(line.slice(name.length)) ?? [];
    if (seen !== digest || status !== "complete")
      return `${name} is ${JSON.stringify(line.slice(name.length).trim())}, wanted ${digest}, complete and unpacked`;
  }
  return undefined;
}

function run(
  { program, place, environment, toWords, show }: Ctr,
  words: readonly string[],
  more: Pick<Parameters<typeof runProgram>[2], "input" | "tell" | "signal">,
): Promise<string> {
  const shown = show === undefined ? {} : { show: show(words) };
  return runProgram(program, toWords?.(words) ?? words, { destination: place, environment, ...shown, ...more });
}
