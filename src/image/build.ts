/** @file A project and a model become an image for each platform. Nothing is written but the cache, and nothing is sent. */
import type { PackedArtifact } from "../artifact/types.ts";
import { locatePath } from "../base/locate.ts";
import { silent, type Report } from "../base/progress.ts";
import type { Project } from "../project/types.ts";
import { fromBaseImage, type BaseImage } from "./base-image.ts";
import { cacheFolder } from "./cache/folder.ts";
import { openLayerCache, type LayerCache } from "./cache/layers.ts";
import { annotate, appendLayer, configure, emptyImage, setCreated } from "./image.ts";
import { storedLayer } from "./layer.ts";
import { collectApp } from "./parts/app.ts";
import { composeHostBase } from "./parts/host-base.ts";
import { collectModel } from "./parts/model.ts";
import { openNode, type Node } from "./parts/node.ts";
import { readVersion } from "./parts/packages.ts";
import { openRuntime, type Runtime } from "./parts/runtime.ts";
import { platforms as allPlatforms, printPlatform } from "./platform.ts";
import { describe, describeRun, readCreated } from "./settings.ts";
import type { Image, ImageIndex, Layer, Platform } from "./types.ts";

export interface BuildOptions {
  project: Pick<Project, "root" | "configPath" | "appPath" | "codeDigest" | "definition">;
  /** What the image serves. Without it the server must be told by its environment which store to ask. */
  model: PackedArtifact | undefined;
  /** `"host"`: this machine's own libraries. Otherwise gives the base for a platform. */
  base: "host" | ((platform: Platform) => Promise<BaseImage>);
  /** Default: all that images are made for. */
  platforms?: readonly Platform[];
  /** Default: `cacheFolder()`. */
  cache?: string;
  environment?: NodeJS.ProcessEnv;
  report?: Report;
}

/** Builds the image for each platform. Throws the errors of errors.ts. */
export async function buildImages(options: BuildOptions): Promise<ImageIndex> {
  const { platforms = allPlatforms, project, model } = options;
  const images: Image[] = [];
  // One after the other: each uses all cores when it compresses.
  for (const platform of platforms) images.push(await buildImage(platform, options));
  const described = describe({ ...toDescribed(project, model), model: model?.artifact });
  return { images, annotations: described };
}

/** The layers, lowest first: what changes seldom lies below what changes often. */
export async function buildImage(platform: Platform, options: BuildOptions): Promise<Image> {
  const { project, model, environment = process.env, report = silent } = options;
  const layers = openLayerCache(options.cache ?? cacheFolder(environment), report);
  const ground = await buildGround(platform, options);
  const own: Layer[] = [
    await layers.gzipLayer("app", await collectApp(project)),
    // Weights hardly get smaller, and every training makes this layer anew.
    ...(model === undefined ? [] : [await storedLayer("model", collectModel(model))]),
  ];
  const described = toDescribed(project, model);
  const image = own.reduce((below, layer) => appendLayer(below, layer), ground);
  return annotate(configure(image, describeRun(described)), describe(described));
}

/** What all projects' images have in common: base, Node and the runtime. */
export async function buildGround(
  platform: Platform,
  { base, report = silent, environment = process.env, ...options }: Omit<BuildOptions, "model" | "project">,
): Promise<Image> {
  const cache = options.cache ?? cacheFolder(environment);
  const layers = openLayerCache(cache, report);
  report({ step: "image", label: printPlatform(platform) });
  const [node, runtime] = await Promise.all([
    openNode(platform, { cache, report }),
    openRuntime(platform, { cache, report }),
  ]);
  const ground =
    base === "host"
      ? await composeGround(platform, node, runtime, layers)
      : fromBaseImage(await base(platform), platform);
  const own = [await layers.gzipLayer("node", node.entries), await layers.gzipLayer("runtime", runtime.entries)];
  return own.reduce((below, layer) => appendLayer(below, layer), setCreated(ground, readCreated(environment)));
}

async function composeGround(platform: Platform, node: Node, runtime: Runtime, layers: LayerCache): Promise<Image> {
  const entries = await composeHostBase([node.file, ...runtime.programs], platform);
  return appendLayer(emptyImage(platform), await layers.gzipLayer("base", entries));
}

export function toDescribed({ definition, codeDigest }: BuildOptions["project"], model: PackedArtifact | undefined) {
  const version = readVersion(locatePath(import.meta.url, "../..", ".."));
  const port = definition.serve?.port ?? 5000;
  return { name: definition.name, port, codeDigest, version, model: model?.artifact };
}
