/** @file Builds the published package into dist/: entries and chunks flat, kernels, the pages, declarations with `--types`. Does nothing when nothing changed. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const types = process.argv.includes("--types");

await step("kernels", ["src/kernels/assembly/**", "scripts/kernels.ts", "package-lock.json"], () =>
  node("scripts/kernels.ts"),
);
await step("package", ["src/**/*.ts", "scripts/build.ts", "package-lock.json", "src/kernels/*.wasm"], bundle);
const page = ["node_modules/vite/bin/vite.js", "build", "-c", "web/vite.config.ts", "--logLevel", "warn"];
await step(
  "pages",
  ["web/**", "package-lock.json", "src/model/signature.ts", "src/artifact/types.ts", "src/console/api.ts"],
  () => {
    node(...page);
    node(...page, "--mode", "console");
  },
);
if (types) {
  await step("types", ["src/**/*.ts", "tsconfig.json", "tsconfig.build.json"], () =>
    node("node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"),
  );
}

async function bundle(): Promise<void> {
  const shared = {
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    outdir: dist,
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    logLevel: "warning",
    absWorkingDir: root,
    // Written when all of it is made: what is there serves on while somebody's change does not compile.
    write: false,
  } as const;
  // Every thread of a process holds the text: 0.5 MB less of it is 5 MB less memory. Names and lines stay, for stacks.
  const small = { minifySyntax: true, minifyWhitespace: true, lineLimit: 160 } as const;
  const natives = ["onnxruntime-node", "@napi-rs/image", "esbuild"];
  // CommonJS packages inside an ES module still ask for `require`.
  const banner = {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  };
  const library = await build({
    ...shared,
    entryPoints: {
      index: "src/index.ts",
      data: "src/data/index.ts",
      train: "src/train/index.ts",
      cli: "src/cli/main.ts",
      "train-worker": "src/train/sequential/worker.ts",
      "forest-worker": "src/train/forest/worker.ts",
      "gzip-worker": "src/image/gzip/worker.ts",
    },
    packages: "external",
    plugins: [bundleZod()],
    splitting: true,
    chunkNames: "chunk-[hash]",
  });
  // One file that carries all it needs but the native parts: the same file serves on a laptop and in an image.
  const server = await build({
    ...shared,
    entryPoints: { server: "src/serve/main.ts" },
    external: natives,
    banner,
    ...small,
  });
  // The same for the training program of a pod, with the files of its worker threads.
  const job = await build({
    ...shared,
    entryPoints: {
      job: "src/way/job/main.ts",
      "job-worker": "src/train/sequential/worker.ts",
      "job-forest-worker": "src/train/forest/worker.ts",
    },
    external: natives,
    banner,
    ...small,
  });
  const made = [library, server, job].flatMap(({ outputFiles }) => outputFiles);
  mkdirSync(dist, { recursive: true });
  for (const { path, contents } of made) {
    // Beside and renamed: nobody starts half a file.
    writeFileSync(`${path}.new`, contents);
    renameSync(`${path}.new`, path);
  }
  // Chunks are named by their content: those of earlier builds would stay, and be packed.
  const names = new Set(made.map(({ path }) => basename(path)));
  for (const file of globSync("*.{js,map}", { cwd: dist })) if (!names.has(file)) rmSync(join(dist, file));
  for (const file of globSync("src/kernels/*.wasm", { cwd: root }))
    cpSync(join(root, file), join(dist, file.split("/").at(-1)!));
}

/** zod is ninety files, sixty of them languages: bundled and shaken it is one, and a command starts 60 ms sooner. */
function bundleZod(): Plugin {
  const path = fileURLToPath(import.meta.resolve("zod"));
  return {
    name: "zod",
    setup: (builder) => builder.onResolve({ filter: /^zod$/ }, () => ({ path, sideEffects: false })),
  };
}

/** Runs `work` unless the inputs are those of the last time, by content. */
async function step(name: string, inputs: readonly string[], work: () => void | Promise<void>): Promise<void> {
  const hash = createHash("sha256");
  for (const path of globSync(inputs, {
    cwd: root,
    exclude: (entry) => /(\.test\.ts|node_modules)$/.test(entry),
  }).toSorted()) {
    if (/\.\w+$/.test(path)) hash.update(path).update(readFileSync(join(root, path)));
  }
  const stamp = join(dist, ".stamps", name);
  const wanted = hash.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  rmSync(stamp, { force: true });
  const started = performance.now();
  await work();
  mkdirSync(join(dist, ".stamps"), { recursive: true });
  writeFileSync(stamp, wanted);
  process.stderr.write(`built ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

function node(...args: string[]): void {
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    // A test runner's NODE_ENV must not reach the page: it would be built for development.
    env: { ...process.env, NODE_ENV: "production" },
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
