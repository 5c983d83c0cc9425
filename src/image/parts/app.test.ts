import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { loadProject } from "../../project/load.ts";
import { appNotBundled } from "../errors.ts";
import { readWhole } from "../fixtures/entries.ts";
import { scratchFolder } from "../fixtures/folder.ts";
import { appPath, collectApp } from "./app.ts";

const config = (extra = "", output = "label") => `
import { defineProject, image } from "slipway";
import { imageFolder } from "slipway/data";
import { command } from "slipway/train";
${extra}
// A comment that names ${process.cwd()}
export default defineProject({
  name: "digits",
  data: imageFolder("data", { size: [28, 28], channels: 1 }),
  train: command({ command: ["node", "train.mjs"] }),
  serve: { routes: { "POST /predict": { input: { file: image() }, output: ({ label }) => ({ prediction: ${output} }) } } },
});
`;

async function makeProject(text: string, files: Readonly<Record<string, string>> = {}) {
  const root = join(await scratchFolder(), "project");
  await mkdir(root);
  for (const [path, content] of Object.entries({ "slipway.config.ts": text, ...files })) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return loadProject(root);
}

async function bundle(project: Awaited<ReturnType<typeof makeProject>>): Promise<string> {
  const [entry] = await collectApp(project);
  if (entry?.kind !== "file" || entry.path !== appPath) throw new Error("wanted one file");
  return (await readWhole(entry.content)).toString();
}

const here = `
const place = [import.meta.dirname, import.meta.filename, import.meta.url].join(" ");
`;

test("the same project in another folder gives the same bytes, and no path of this machine is in them", async () => {
  const [first, second] = [await makeProject(config(here, "place")), await makeProject(config(here, "place"))];
  expect(first.root).not.toBe(second.root);
  const code = await bundle(first);
  expect(await bundle(second)).toBe(code);
  expect(code).not.toContain(first.root);
  expect(code).not.toContain(process.cwd());
  expect(code).not.toContain("sourceMappingURL");
});

test("it runs by itself, and believes to lie where the image has it", async () => {
  const project = await makeProject(config(here, "`${label} ${place}`"));
  const path = join(await scratchFolder(), "app.mjs");
  await writeFile(path, await bundle(project));
  const module = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as {
    default: { name: string; serve: { routes: Record<string, { output: (from: object) => object }> } };
  };
  expect(module.default.name).toBe("digits");
  expect(module.default.serve.routes["POST /predict"]?.output({ label: "7" })).toEqual({
    prediction: "7 /app /app/slipway.config.ts file:///app/slipway.config.ts",
  });
});

test("packages that the config imports are taken in, those of the older kind too", async () => {
  const project = await makeProject(config('import { words } from "words";', "words.length"), {
    "node_modules/words/package.json": '{"name":"words","version":"1.0.0","main":"index.js"}',
    "node_modules/words/index.js": 'const path = require("node:path"); exports.words = ["a", path.sep];',
  });
  const path = join(await scratchFolder(), "app.mjs");
  await writeFile(path, await bundle(project));
  const { default: definition } = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as {
    default: { serve: { routes: Record<string, { output: (from: object) => object }> } };
  };
  expect(definition.serve.routes["POST /predict"]?.output({})).toEqual({ prediction: 2 });
});

test("a package with a native part is refused by name", async () => {
  const project = await makeProject(config('import { add } from "native";', "add"), {
    "node_modules/native/package.json": '{"name":"native","version":"1.0.0","main":"index.js"}',
    "node_modules/native/index.js": 'exports.add = 1; if (process.env.NEVER) require("./binding.node");',
    "node_modules/native/binding.node": "\u007fELF",
  });
  await expect(bundle(project)).rejects.toMatchObject({
    code: appNotBundled.code,
    message: expect.stringContaining('No loader is configured for ".node" files') as string,
  });
});
