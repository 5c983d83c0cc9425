/** @file The image that trains a project: what the server's stands on, the training program, and the user's code. */
import { silent } from "../base/progress.ts";
import { buildGround, toDescribed, type BuildOptions } from "./build.ts";
import { openLayerCache } from "./cache/layers.ts";
import { cacheFolder } from "./cache/folder.ts";
import { annotate, appendLayer, configure } from "./image.ts";
import { collectApp } from "./parts/app.ts";
import { codeFolder, collectFiles, collectTrainer, dataFolder, type CodeFile } from "./parts/trainer.ts";
import { describe, describeTraining } from "./settings.ts";
import type { Image, Layer, Platform } from "./types.ts";

export interface TrainerBuildOptions extends Omit<BuildOptions, "model" | "platforms"> {
  /** Files of the project that its trainer's command reads. */
  code: readonly CodeFile[];
  /** Files of the dataset, where the image carries them. */
  data?: readonly CodeFile[];
}

/** Node, the server's runtime, and on them what only training needs. The base needs glibc 2.28, libstdc++ and libgcc, as for a server. */
export async function buildTrainer(platform: Platform, options: TrainerBuildOptions): Promise<Image> {
  const { project, code, data = [], environment = process.env, report = silent } = options;
  const layers = openLayerCache(options.cache ?? cacheFolder(environment), report);
  const ground = await buildGround(platform, options);
  const own: Layer[] = [
    await layers.gzipLayer("trainer", await collectTrainer()),
    await layers.gzipLayer("app", await collectApp(project)),
    ...(data.length === 0 ? [] : [await layers.gzipLayer("data", await collectFiles(data, dataFolder.slice(1)))]),
    ...(code.length === 0 ? [] : [await layers.gzipLayer("code", await collectFiles(code, codeFolder))]),
  ];
  const described = toDescribed(project, undefined);
  const image = own.reduce((below, layer) => appendLayer(below, layer), ground);
  const run = describeTraining(described, code.length > 0);
  return annotate(configure(image, run), describe(described));
}
