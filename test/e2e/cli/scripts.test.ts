import { globSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { matchLines, parseScript, prepareFolder, runStep } from "./script.ts";

const scripts = fileURLToPath(new URL("scripts", import.meta.url));

describe.each(globSync("*.txt", { cwd: scripts }).toSorted())("%s", (name) => {
  const script = parseScript(readFileSync(join(scripts, name), "utf8"));
  let folder = "";
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), `slipway-cli-${basename(name, ".txt")}-`)));
    prepareFolder(folder, script);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(script.steps)("$line: $command", (step) => {
    const { output, matches } = runStep(folder, step);
    // Where the wildcards fit, the texts count as equal; else the difference is shown as it is.
    expect(matches ? step.expected : output).toEqual(step.expected);
  });
});

describe("the wildcard", () => {
  test.each<[string[], string[], boolean]>([
    [["a…c"], ["abc"], true],
    [["a…c"], ["ab"], false],
    [["…"], [], true],
    [["…", "z"], ["a", "b", "z"], true],
    [["a", "…"], ["b"], false],
    [["(a.b)"], ["(aXb)"], false],
    [[], ["a"], false],
  ])("%j on %j: %j", (expected, seen, matches) => {
    expect(matchLines(expected, seen)).toBe(matches);
  });
});
