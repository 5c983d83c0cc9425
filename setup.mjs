/**
 * @file Makes a clone ready and runs a command in it: `node setup.mjs <script> [args]`. Plain JavaScript, because it runs on
 * whatever Node is outside (20 or newer); everything after it runs on the Node that the lock file pins. npm's own pre-scripts
 * are not used: .npmrc switches install scripts off, and npm then skips those too.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
const node = join(root, "node_modules", ".bin", process.platform === "win32" ? "node.cmd" : "node");
const stamp = join(root, "node_modules", ".slipway-setup");

install();
run(process.argv.slice(2));

/** Installs when the lock file is not the one that was installed last; a stopped install leaves no stamp, so it is done again. */
function install() {
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .update(`${process.platform}-${process.arch}`)
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  process.stderr.write("Installing packages…\n");
  rmSync(stamp, { force: true });
  const result = spawnSync("npm", ["ci", "--loglevel=error", "--prefer-offline", "--ignore-scripts"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (result.status !== 0) {
    process.stderr.write("npm ci failed; its message is above. Mend that and run the same command again.\n");
    process.exit(result.status ?? 1);
  }
  mkdirSync(join(root, "node_modules"), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Runs the steps (separated by `--then`) on the pinned Node, one after the other; signals reach the child, and its exit code is ours. */
function run(words) {
  const steps = [[]];
  for (const word of words) {
    if (word === "--then") steps.push([]);
    else steps.at(-1).push(word);
  }
  // A terminal sends Ctrl-C to the whole group: the child decides what it means, and this process waits for it.
  const ignore = () => {};
  const next = () => {
    const step = steps.shift();
    if (step === undefined) return;
    const child = spawn(node, step, {
      cwd: root,
      stdio: "inherit",
      shell: process.platform === "win32",
      env: { ...process.env, PATH: join(root, "node_modules", ".bin") + delimiter + process.env.PATH },
    });
    const forward = (signal) => child.kill(signal);
    process.on("SIGINT", ignore);
    process.on("SIGTERM", forward);
    child.on("exit", (code, signal) => {
      process.removeListener("SIGINT", ignore);
      process.removeListener("SIGTERM", forward);
      if (code !== 0) process.exit(code ?? (signal === "SIGINT" ? 130 : 1));
      next();
    });
  };
  next();
}
