#!/usr/bin/env node
/**
 * @file The command's door. Written so that any Node from 12.17 on can read it: where the Node outside is too old, the same
 * words are run again by the one that comes with this package.
 */
import { spawn } from "child_process";
import { existsSync, mkdirSync } from "fs";
import { createRequire } from "module";
import { homedir } from "os";
import { join } from "path";

const wanted = [22, 22];
const seen = process.versions.node.split(".").map(Number);

if (seen[0] > wanted[0] || (seen[0] === wanted[0] && seen[1] >= wanted[1])) runHere();
else runByOwnNode();

function runHere() {
  keepCompiled();
  import("../dist/cli.js").then(run, (error) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND" || !/dist[\\/]cli\.js/.test(error.message)) throw error;
    refuse("slipway is not built yet.", "run `npm run build` in its folder, then the same command again");
  });
}

/** What Node compiles is kept for the next command. In the user's own cache: whoever may write there may run code as this user. */
function keepCompiled() {
  const { enableCompileCache } = createRequire(import.meta.url)("module");
  const { LOCALAPPDATA, NODE_COMPILE_CACHE, SLIPWAY_CACHE, XDG_CACHE_HOME } = process.env;
  if (!enableCompileCache || NODE_COMPILE_CACHE) return;
  const caches = XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), ".cache");
  const cache = SLIPWAY_CACHE || join(caches, "slipway");
  const folder = join(cache, "compiled");
  // One by one: Node's own recursive way never ends where the system refuses with ENOENT, as it does below /proc.
  for (const path of SLIPWAY_CACHE ? [cache, folder] : [caches, cache, folder]) {
    try {
      mkdirSync(path);
    } catch {
      // It is there already, or may not be made: then this command starts as it always did.
    }
  }
  if (existsSync(folder)) enableCompileCache(folder);
}

async function run(cli) {
  process.exitCode = await cli.main(process.argv.slice(2));
}

function runByOwnNode() {
  const binary = findOwnNode();
  if (binary === undefined) {
    refuse(
      `slipway needs Node ${wanted.join(".")} or newer; this is ${process.versions.node} (${process.execPath}).`,
      "install a newer one from https://nodejs.org, or install slipway without --omit=optional: it then brings its own",
    );
    return;
  }
  const child = spawn(binary, process.argv.slice(1), { stdio: "inherit" });
  // A terminal tells its whole group of a Ctrl-C, so the child may hear it twice; it counts that as one.
  const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
  for (const signal of Object.keys(signals)) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => refuse(`slipway could not start ${binary}: ${error.message}`, "install slipway again"));
  child.on("exit", (code, signal) => {
    process.exitCode = code === null ? 128 + (signals[signal] || 9) : code;
  });
}

/** The registry's platform package, which npm installs beside us where it has one for this machine. */
function findOwnNode() {
  const require = createRequire(import.meta.url);
  const platform = process.platform === "win32" ? "win" : process.platform;
  const file = platform === "win" ? "node.exe" : "node";
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    try {
      return require.resolve(`${name}/bin/${file}`);
    } catch {
      // Not this name: the other one, or the message that says what is needed.
    }
  }
  return undefined;
}

function refuse(problem, mend) {
  process.stderr.write(`✖ ${problem}\n  → ${mend}\n`);
  process.exitCode = 1;
}
