/** @file What the image commands have in common: which image, on which base, for which platforms; and how it is told. */
import { storeFolder, openStore } from "../artifact/store/layout.ts";
import { cacheFolder } from "../image/cache/folder.ts";
import { buildImage, buildImages } from "../image/build.ts";
import { inspectImage } from "../image/inspect.ts";
import { herePlatform, parsePlatform } from "../image/platform.ts";
import { openRegistryBase } from "../image/registry-base.ts";
import type { Image, ImageIndex } from "../image/types.ts";
import { loadProject } from "../project/load.ts";
import type { OptionDefinition } from "./command.ts";
import type { Io } from "./io.ts";
import { projectOption } from "./project.ts";
import { formatBytes, formatTable } from "./view/format.ts";

export const imageOptions: readonly OptionDefinition[] = [
  projectOption,
  { flags: "--model <model>", text: "which model (default: the project's champion)" },
  {
    flags: "--platform <list>",
    text: "linux/amd64, linux/arm64, or both with a comma between (default: both; this machine's alone on the base `host`)",
    parse: (text) => text.split(",").map((one) => parsePlatform(one.trim())),
  },
  {
    flags: "--base <image>",
    text: "an image to stand on, best by digest; host: this machine's own libraries (default: host)",
  },
];

/** Builds what the options say: one image where one platform is asked for, else an index of them. */
export async function buildNamed(io: Io, options: Readonly<Record<string, unknown>>): Promise<Image | ImageIndex> {
  const project = await loadProject((options["project"] as string | undefined) ?? ".");
  const store = await openStore(storeFolder(project.root));
  const model = await store.pack((options["model"] as string | undefined) ?? project.definition.name);
  const base = (options["base"] as string | undefined) ?? "host";
  const given = options["platform"] as ReturnType<typeof parsePlatform>[] | undefined;
  // Few machines have the libraries of the other architecture.
  const platforms = given ?? (base === "host" && process.platform === "linux" ? [herePlatform()] : undefined);
  const settings = {
    project,
    model,
    report: io.report,
    base:
      base === "host"
        ? ("host" as const)
        : openRegistryBase(base, { cache: cacheFolder(process.env), signal: io.signal }),
  };
  const [only, ...more] = platforms ?? [];
  if (only !== undefined && more.length === 0) return buildImage(only, settings);
  return buildImages({ ...settings, ...(platforms !== undefined && { platforms }) });
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
