/** @file One file out of a project's config and what it imports, and the digest of the user's part of it. */
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type BuildOptions, type Message, type Plugin, build, stop } from "esbuild";
import { type Digest, digestOf } from "../base/digest.ts";
import { locatePath } from "../base/locate.ts";
import { projectSyntax } from "./errors.ts";

export interface Bundle {
  /** An ES module that imports only Node's own modules and packages of the user's. */
  code: string;
  /** Digest of the user's code alone: the same wherever the folder and this package lie, with or without comments. */
  digest: Digest;
}

/** `root` and `configPath` are real paths (no links), so that what esbuild sees is relative to the root. */
export async function bundleProject(root: string, configPath: string): Promise<Bundle> {
  const shared: BuildOptions = {
    absWorkingDir: root,
    bundle: true,
    entryPoints: [configPath],
    format: "esm",
    legalComments: "none",
    logLevel: "silent",
    packages: "external",
    platform: "node",
    target: "node22",
    write: false,
  };
  const here = {
    "import.meta.dirname": JSON.stringify(root),
    "import.meta.filename": JSON.stringify(configPath),
    "import.meta.url": JSON.stringify(pathToFileURL(configPath).href),
  };
  try {
    const app = await build({
      ...shared,
      plugins: [ownPackage],
      define: here,
      sourcemap: "inline",
      sourcesContent: false,
      outdir: join(root, ".slipway", "app"),
    });
    // Our own modules stay outside here, so a new release of ours does not look like new code of the user's.
    const user = await build({ ...shared, minifyWhitespace: true });
    return { code: onlyText(app), digest: digestOf(onlyText(user)) };
  } catch (error) {
    const messages = (error as { errors?: Message[] }).errors;
    if (messages === undefined) throw error;
    throw projectSyntax({ path: configPath, faults: messages.map(frame) }, { cause: error });
  }
}

/** Ends the process that bundles, which else lives as long as this one: 17 MB that whoever only waits for a server need not hold. */
export const stopBundler = stop;

function onlyText(result: { outputFiles?: { text: string }[] | undefined }): string {
  return result.outputFiles?.at(-1)?.text ?? "";
}

/**
 * Resolves `slipway`, `slipway/data` and `slipway/train` to the package that is running, so a project works in any folder,
 * without node_modules too. What the config does not use of them falls away, their own imports with it.
 */
const ownPackage: Plugin = {
  name: "slipway",
  setup(builder) {
    const entries = new Map([
      ["slipway", locatePath(import.meta.url, "../index.ts", "index.js")],
      ["slipway/data", locatePath(import.meta.url, "../data/index.ts", "data.js")],
      ["slipway/train", locatePath(import.meta.url, "../train/index.ts", "train.js")],
    ]);
    const home = dirname(entries.get("slipway") ?? "") + sep;
    builder.onResolve({ filter: /^slipway(?:\/.*)?$/ }, ({ path, importer }) => {
      const entry = entries.get(path);
      if (entry !== undefined) return { path: entry, sideEffects: false };
      const known = [...entries.keys()].map((name) => `"${name}"`).join(", ");
      return { errors: [{ text: `"${path}" does not exist, wanted one of ${known}`, detail: importer }] };
    });
    builder.onResolve({ filter: /.*/ }, ({ path, importer }) => {
      if (!importer.startsWith(home)) return undefined;
      if (path.startsWith(".")) return { path: resolve(dirname(importer), path), sideEffects: false };
      if (path.startsWith("node:")) return { path, external: true, sideEffects: false };
      // A package of ours: the project's folder need not have it.
      return { path: fileURLToPath(import.meta.resolve(path)), external: true, sideEffects: false };
    });
  },
};

/** `slipway.config.ts:4:12: Expected ")" but found ";"`, the line, and a mark under the place. */
function frame({ text, location }: Message): string {
  if (location === null) return `  ${text}`;
  const { file, line, column, length, lineText } = location;
  const number = String(line);
  return [
    `  ${file}:${line}:${column + 1}: ${text}`,
    `    ${number} │ ${lineText}`,
    `    ${" ".repeat(number.length)} │ ${lineText.slice(0, column).replaceAll(/[^\t]/g, " ")}${"^".repeat(Math.max(1, length))}`,
  ].join("\n");
}
