import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { SlipwayError } from "../base/errors.ts";
import { loadProject } from "./load.ts";

const home = realpathSync(mkdtempSync(join(tmpdir(), "slipway-load-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const config = `
import { defineProject, image } from "slipway";
import { title } from "./title.ts";
export default defineProject({
  name: title,
  data: { kind: "imageFolder", path: "data", size: [28, 28], channels: 1, otherSizes: "refuse" },
  train: { kind: "command", command: ["true"], parameters: {}, seed: 1, validation: 0.2 },
  serve: { routes: { "POST /predict": { input: { file: image() }, output: ({ label }) => ({ label }) } } },
});
`;

let count = 0;
function write(files: Record<string, string>): string {
  const root = join(home, `project-${count++}`);
  mkdirSync(root);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  return root;
}

async function failure(root: string): Promise<SlipwayError> {
  const error: unknown = await loadProject(root).catch((caught: unknown) => caught);
  if (error instanceof SlipwayError) return error;
  throw new Error("expected a SlipwayError", { cause: error });
}

test("a folder anywhere, without node_modules, loads; its app is a file beside the store", async () => {
  const root = write({ "slipway.config.ts": config, "title.ts": `export const title: string = "digits";` });
  const project = await loadProject(root);
  expect(project).toMatchObject({ root, configPath: join(root, "slipway.config.ts"), definition: { name: "digits" } });
  expect(project.appPath.startsWith(join(root, ".slipway", "app"))).toBe(true);
  const app = readFileSync(project.appPath, "utf8");
  expect(app).not.toMatch(/^import /m);
  expect(app.split("\n//# sourceMappingURL")[0]?.length).toBeLessThan(2000);
});

test("the config's own path and a folder below it lead to the same project", async () => {
  const root = write({ "slipway.config.ts": config, "title.ts": `export const title = "digits";` });
  mkdirSync(join(root, "data"));
  const [folder, file, below] = await Promise.all(
    [root, join(root, "slipway.config.ts"), join(root, "data")].map(loadProject),
  );
  expect(file).toMatchObject({ root: folder?.root, codeDigest: folder?.codeDigest });
  expect(below).toMatchObject({ root: folder?.root, codeDigest: folder?.codeDigest });
});

test("the code's digest follows the code, not the folder or the comments", async () => {
  const digest = async (title: string) =>
    (await loadProject(write({ "slipway.config.ts": config, "title.ts": title }))).codeDigest;
  const first = await digest(`export const title = "digits";`);
  expect(await digest(`// what it is called\nexport const title = "digits";\n`)).toBe(first);
  expect(await digest(`export const title = "numbers";`)).not.toBe(first);
});

test("a syntax error is shown with its place and a mark", async () => {
  const error = await failure(write({ "slipway.config.ts": `export default {\n  name: "a";\n};\n` }));
  expect(error.code).toBe("SLIPWAY_PROJECT_SYNTAX");
  expect(error.message.split("\n").slice(1)).toEqual([
    `  slipway.config.ts:2:12: Expected "}" but found ";"`,
    `    2 │   name: "a";`,
    `      │            ^`,
  ]);
});

test("an import that leads nowhere names it", async () => {
  const error = await failure(write({ "slipway.config.ts": `import "./missing.ts";\nimport "slipway/dat";\n` }));
  expect(error.code).toBe("SLIPWAY_PROJECT_SYNTAX");
  expect(error.message).toContain(`slipway.config.ts:1:8: Could not resolve "./missing.ts"`);
  expect(error.message).toContain(
    `"slipway/dat" does not exist, wanted one of "slipway", "slipway/data", "slipway/train"`,
  );
});

test("code that throws is named with its line", async () => {
  const error = await failure(
    write({ "slipway.config.ts": `const a: number = 1;\n\nthrow new RangeError("no " + a);\n` }),
  );
  expect(error.code).toBe("SLIPWAY_PROJECT_THREW");
  expect(error.message).toBe("slipway.config.ts:3:7 threw while it was read: RangeError: no 1");
});

test("faults, a missing default export, a missing folder and a missing config each have their error", async () => {
  const invalid = await failure(write({ "slipway.config.ts": `export default { name: "A", dta: 1 };` }));
  expect(invalid.code).toBe("SLIPWAY_PROJECT_INVALID");
  expect(invalid.message).toMatch(/^slipway\.config\.ts has 3 faults:\n {2}name: is "A", wanted /);
  expect((await failure(write({ "slipway.config.ts": "export const a = 1;" }))).code).toBe(
    "SLIPWAY_PROJECT_NO_DEFAULT",
  );
  expect((await failure(join(home, "nowhere"))).code).toBe("SLIPWAY_PROJECT_FOLDER_MISSING");
  expect((await failure(write({}))).code).toBe("SLIPWAY_PROJECT_NOT_FOUND");
});
