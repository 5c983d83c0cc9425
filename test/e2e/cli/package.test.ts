/** @file What npm would publish works in an empty folder, on the Node that happens to be outside. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const home = realpathSync(mkdtempSync(join(tmpdir(), "slipway-package-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** As a stranger's shell: nothing of this repository on the path, nothing of the test runner in the environment. */
function run(cwd: string, command: string, ...args: string[]) {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.startsWith(root));
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_|VITEST|FORCE_COLOR|PORT$|HOST$)/.test(name),
  );
  const result = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...Object.fromEntries(inherited), PATH: path.join(delimiter), NO_COLOR: "1" },
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

test("npm pack, install in an empty folder, slipway init, slipway up", () => {
  const packed = run(root, "npm", "pack", "--json", "--ignore-scripts", "--pack-destination", home);
  expect(packed).toMatchObject({ status: 0 });
  const [tarball = ""] = readdirSync(home);
  expect(tarball).toMatch(/^slipway-.*\.tgz$/);
  const [{ files }] = JSON.parse(packed.stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect(paths.filter((path) => !/^(bin|dist|templates)\/|^(package\.json|README\.md|LICENSE)$/.test(path))).toEqual(
    [],
  );
  for (const needed of [
    "bin/slipway.js",
    "dist/cli.js",
    "dist/server.js",
    "dist/web/console.html",
    "dist/web/playground.html",
    "dist/types/index.d.ts",
    "templates/image/gitignore",
  ])
    expect(paths).toContain(needed);

  const installed = run(
    home,
    "npm",
    "install",
    "--ignore-scripts",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    `./${tarball}`,
  );
  expect(installed).toMatchObject({ status: 0 });

  expect(run(home, "npx", "slipway", "init", "my")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("✔ my: 303 files in my") as string,
  });
  const up = run(join(home, "my"), "npx", "slipway", "up", "--exit", "--port", "0", "--json");
  expect(up).toMatchObject({ status: 0 });
  const { name, steps } = JSON.parse(up.stdout) as { name: string; steps: { step: string; outcome: string }[] };
  expect(name).toBe("my");
  expect(steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
    "data done",
    "train done",
    "gate done",
    "artifact done",
    "serve done",
    "verify done",
  ]);
});
