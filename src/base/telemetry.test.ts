import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("..", import.meta.url));

test.each([
  ["unset", {}, "1"],
  ["set by the user", { ORT_DISABLE_TELEMETRY: "0" }, "0"],
])("a program that loads onnxruntime reports nothing, unless it is asked to: %s", (_name, given, wanted) => {
  const { ORT_DISABLE_TELEMETRY: _own, ...env } = process.env;
  const script = `import ${JSON.stringify(`${source}graph/run.ts`)}; process.stdout.write(process.env.ORT_DISABLE_TELEMETRY)`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...env, ...given },
    encoding: "utf8",
  });
  expect(stdout).toBe(wanted);
});

test("whoever starts threads that run models switches it off before", () => {
  const starters = globSync("**/*.ts", { cwd: source }).filter((path) => {
    const text = readFileSync(source + path, "utf8");
    // Layers are compressed and trees are grown without it.
    const without = path.startsWith("image/") || path.startsWith("train/forest/");
    return !path.endsWith(".test.ts") && /new Worker\(/.test(text) && !without;
  });
  expect(starters.toSorted()).toEqual(["serve/runtime/thread.ts", "train/sequential/team.ts"]);
  for (const path of starters) expect(readFileSync(source + path, "utf8")).toContain("switchTelemetryOff();");
});
