/**
 * @file Script files for the command line: what a person types and sees, as text.
 *
 *     -- path/of/a/file --        writes the lines below it (until the next such line) into the test's folder
 *     $ slipway up --prot 80      runs a line of shell there; stdout and stderr are compared with the lines below it
 *     ✖ unknown option …          `…` stands for anything within a line; a line that is only `…` for any number of lines
 *     [exit 2]                    the exit code, where it is not 0
 *     # words                     a remark, outside of files
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Step {
  line: number;
  command: string;
  expected: string[];
}

export interface Script {
  files: { path: string; lines: string[] }[];
  steps: Step[];
}

export interface Ran {
  output: string[];
  matches: boolean;
}

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

export function parseScript(text: string): Script {
  const script: Script = { files: [], steps: [] };
  let into: string[] | undefined;
  let inFile = false;
  for (const [index, line] of text.replace(/\n$/, "").split("\n").entries()) {
    const path = /^-- (.+) --$/.exec(line)?.[1];
    if (path !== undefined) {
      const file = { path, lines: [] };
      script.files.push(file);
      into = file.lines;
      inFile = true;
    } else if (line.startsWith("$ ")) {
      const step: Step = { line: index + 1, command: line.slice(2), expected: [] };
      script.steps.push(step);
      into = step.expected;
      inFile = false;
    } else if (inFile || !line.startsWith("# ")) into?.push(line);
  }
  for (const { expected } of script.steps) while (expected.at(-1) === "") expected.pop();
  return script;
}

/** Writes the script's files and the `slipway` command that its lines use. */
export function prepareFolder(folder: string, { files }: Script): void {
  for (const { path, lines } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${lines.join("\n")}\n`);
  }
  const bin = join(folder, ".bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "slipway"), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  chmodSync(join(bin, "slipway"), 0o755);
}

export function runStep(folder: string, { command, expected }: Step): Ran {
  const { NODE_OPTIONS: _, FORCE_COLOR: __, VITEST: ___, ...env } = process.env;
  const result = spawnSync("sh", ["-c", `exec 2>&1\n${command}`], {
    cwd: folder,
    encoding: "utf8",
    env: { ...env, PATH: join(folder, ".bin") + delimiter + process.env["PATH"], PORT: "", HOST: "", NO_COLOR: "1" },
    timeout: 120_000,
  });
  const output = result.stdout.replaceAll(folder, "$FOLDER").replace(/\n+$/, "").split("\n");
  if (output.length === 1 && output[0] === "") output.pop();
  if (result.status !== 0) output.push(`[exit ${result.status ?? result.signal}]`);
  return { output, matches: matchLines(expected, output) };
}

/** `…` alone on a line takes any number of lines, the fewest that do. */
export function matchLines(expected: readonly string[], seen: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return seen.length === 0;
  if (first === "…") {
    for (let skip = 0; skip <= seen.length; skip++) if (matchLines(rest, seen.slice(skip))) return true;
    return false;
  }
  return seen.length > 0 && matchLine(first, seen[0]!) && matchLines(rest, seen.slice(1));
}

function matchLine(expected: string, seen: string): boolean {
  const pattern = expected.split("…").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pattern.join(".*")}$`).test(seen);
}
