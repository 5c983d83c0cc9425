/** @file The fast loop: types, lint, format, unit tests. `--static` leaves the tests out. Stops at the first that fails. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const steps: [name: string, command: string[]][] = [
  ["types", ["tsc", "-p", "."]],
  ["page types", ["tsc", "-p", "web"]],
  ["lint", ["oxlint", "--type-aware", "--max-warnings", "0"]],
  ["format", ["oxfmt", "--check", "."]],
];
if (!process.argv.includes("--static"))
  steps.push(["unit tests", ["vitest", "run", "--project", "unit", "--project", "web"]]);

for (const [name, [command = "", ...args]] of steps) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(`${status === 0 ? "✔" : "✖"} ${name.padEnd(12)} ${seconds} s\n`);
  if (status !== 0) {
    process.stderr.write(`  run it alone: npx ${command} ${args.join(" ")}\n`);
    process.exit(status ?? 1);
  }
}
