/** @file The user's project as one file that runs anywhere: no import but Node's own, no path of this machine. */
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { type Message, build } from "esbuild";
import type { Project } from "../../project/types.ts";
import { appNotBundled } from "../errors.ts";
import { textEntry, type TarEntry } from "../tar/entry.ts";
import { appFolder } from "./runtime.ts";

/** In the image. */
export const appPath = `${appFolder}/app.mjs`;

export type AppSource = Pick<Project, "root" | "configPath" | "appPath">;

/** Throws `appNotBundled`. */
export async function collectApp(project: AppSource): Promise<TarEntry[]> {
  return [textEntry(appPath, await bundleApp(project))];
}

/** The bundle that `up` serves from, with the packages that it imports taken in. */
async function bundleApp({ root, configPath, appPath: path }: AppSource): Promise<string> {
  const moved: readonly [string, string][] = [
    [pathToFileURL(configPath).href, `file:///${appFolder}/slipway.config.ts`],
    [configPath, `/${appFolder}/slipway.config.ts`],
    [root, `/${appFolder}`],
  ];
  // Where the config asked for its own place, the bundle has it as a text.
  const contents = moved.reduce(
    (text, [from, to]) => text.replaceAll(JSON.stringify(from), () => JSON.stringify(to)),
    await readFile(path, "utf8"),
  );
  try {
    const result = await build({
      stdin: { contents, resolveDir: dirname(path), sourcefile: "app.mjs", loader: "js" },
      absWorkingDir: root,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node22",
      // Comments hold paths of this machine.
      minifyWhitespace: true,
      legalComments: "none",
      logLevel: "silent",
      banner: { js: requireShim(contents) },
      write: false,
    });
    return result.outputFiles[0]?.text ?? "";
  } catch (error) {
    const messages = (error as { errors?: Message[] }).errors;
    if (messages === undefined) throw error;
    const faults = messages.map(
      ({ text, location }) => `  ${text}${location === null ? "" : ` (${location.file}:${location.line})`}`,
    );
    throw appNotBundled({ path: configPath, faults }, { cause: error });
  }
}

/** CommonJS packages inside an ES module still ask for `require`; where nothing is imported, nothing can. */
function requireShim(contents: string): string {
  return /^\s*import\b/m.test(contents)
    ? 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
    : "";
}
