/** @file What the image commands have in common: which image, on which base, for which platforms; and how it is told. */
import { artifactNotFound } from "../artifact/errors.ts";
import { storeFolder, openStore } from "../artifact/store/layout.ts";
import type { PackedArtifact, Store } from "../artifact/types.ts";
import { findSlipwayError } from "../base/errors.ts";
import { buildImage } from "../image/build.ts";
import { inspectImage } from "../image/inspect.ts";
import { herePlatform, parsePlatform, platforms as allPlatforms } from "../image/platform.ts";
import { openBase } from "../image/registry-base.ts";
import type { Image, ImageIndex } from "../image/types.ts";
import { loadProject } from "../project/load.ts";
import { isTrained } from "../project/training.ts";
import type { Project } from "../project/types.ts";
import { makeImage } from "../image/make.ts";
import type { OptionDefinition } from "./command.ts";
import type { Io } from "./io.ts";
import { projectOption } from "./project.ts";
import { formatBytes, formatTable } from "./view/format.ts";

export const baseOption: OptionDefinition = {
  flags: "--base <image>",
  text: "an image to stand on, best by digest; host: this machine's own libraries (default: host)",
};

export const imageOptions: readonly OptionDefinition[] = [
  projectOption,
  { flags: "--model <model>", text: "which model (default: the project's champion)" },
  {
    flags: "--platform <list>",
    text: "linux/amd64, linux/arm64, or both with a comma between (default: both; this machine's alone on the base `host`)",
    parse: (text) => text.split(",").map((one) => parsePlatform(one.trim())),
  },
  baseOption,
];

/** The image that trains instead, for commands that build either. */
export const trainerOption: OptionDefinition = {
  flags: "--trainer",
  text: "the image that trains on a cluster, instead of the one that serves",
};

/** Builds what the options say: one image where one platform is asked for, else an index of them. Models come from the project's own store where no other is given. */
export async function buildNamed(
  io: Io,
  options: Readonly<Record<string, unknown>>,
  store?: Pick<Store, "pack">,
): Promise<Image | ImageIndex> {
  const project = await loadProject((options["project"] as string | undefined) ?? ".");
  const named = (options["base"] as string | undefined) ?? "host";
  const given = options["platform"] as ReturnType<typeof parsePlatform>[] | undefined;
  // Few machines have the libraries of the other architecture.
  const platforms = given ?? (named === "host" && process.platform === "linux" ? [herePlatform()] : allPlatforms);
  const base = openBase(named, io.signal);
  const { report } = io;
  if (options["trainer"] === true) {
    const { planTrainer } = await import("../way/cluster/trainer.ts");
    return makeImage(platforms, (await planTrainer(project, { base, report })).build);
  }
  const model = await packModel(project, options["model"] as string | undefined, store);
  return makeImage(platforms, (platform) => buildImage(platform, { project, model, report, base }));
}

/** Undefined where the project has none; and where none is here, if pods find it elsewhere. */
async function packModel(
  { definition, root }: Project,
  named: string | undefined,
  given: Pick<Store, "pack"> | undefined,
): Promise<PackedArtifact | undefined> {
  if (named === undefined && !isTrained(definition)) return undefined;
  const { delivery = "image" } = definition.deploy?.model ?? {};
  const store = given ?? (await openStore(storeFolder(root)));
  try {
    return await store.pack(named ?? definition.name);
  } catch (error) {
    const isMissing = findSlipwayError(error)?.code === artifactNotFound.code;
    if (isMissing && named === undefined && delivery !== "image") return undefined;
    throw error;
  }
}

export function listSummaries(image: Image | ImageIndex): ReturnType<typeof inspectImage>[] {
  return ("images" in image ? image.images : [image]).map(inspectImage);
}

/** Layers with their sizes, a table for each platform. */
export function printImages(io: Io, image: Image | ImageIndex): void {
  for (const { platform, size, layers, digest } of listSummaries(image)) {
    io.print(`${platform}  ${formatBytes(size)}  ${digest}`);
    const rows = layers.map(({ name, size: bytes, digest: of }) => [`  ${name}`, formatBytes(bytes), of]);
    for (const line of formatTable(["  layer", "size", "digest"], rows)) io.print(line);
  }
}
