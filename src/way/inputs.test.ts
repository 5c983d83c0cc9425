import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { idx, imageFolder } from "../data/index.ts";
import type { Project, ProjectDefinition } from "../project/types.ts";
import { command, dense, flatten, sequential } from "../train/index.ts";
import { digestInputs } from "./inputs.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "slipway-inputs-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const source = imageFolder("data", { size: [28, 28], channels: 1 });
const dataset = { digest: digestOf("data"), folder: join(root, "data"), source };

function write(path: string, text: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
}

function digest(definition: Partial<ProjectDefinition>, data = dataset) {
  const project: Project = {
    root,
    configPath: join(root, "slipway.config.ts"),
    definition: { name: "a", data: source, train: sequential({ layers: [flatten(), dense(2)] }), ...definition },
    codeDigest: digestOf("code"),
    appPath: join(root, "app.mjs"),
  };
  return digestInputs(project, data);
}

describe("a declared trainer", () => {
  test("what is served, judged or deployed is no input of the training", async () => {
    const first = await digest({});
    const served = { port: 1, routes: { "POST /p": { input: { file: { kind: "image" as const } } } } };
    expect(await digest({ serve: served, gate: { accuracy: { atLeast: 1 } }, deploy: { replicas: 3 } })).toBe(first);
    write("helper.py", "print(1)");
    expect(await digest({})).toBe(first);
  });

  test("data, its settings, layers and seed are", async () => {
    const layers = [flatten(), dense(2)];
    const all = await Promise.all([
      digest({}),
      digest({}, { ...dataset, digest: digestOf("other data") }),
      digest({}, { ...dataset, source: imageFolder("data", { size: [14, 14], channels: 1 }) }),
      digest({ train: sequential({ layers: [flatten(), dense(3)] }) }),
      digest({ train: sequential({ layers, seed: 2 }) }),
      digest({ name: "b" }),
    ]);
    expect(new Set(all).size).toBe(all.length);
  });
});

test("where IDX files lie is no input: what is in them is", async () => {
  const at = (path: string) => ({
    ...dataset,
    source: idx({ images: `${path}/images`, labels: `${path}/labels` }) as never,
  });
  expect(await digest({}, at("here"))).toBe(await digest({}, at("https://example.org")));
});

describe("a program of the user's own", () => {
  const train = command({ command: ["python3", "train.py"] });

  test("its files are inputs, wherever they lie below the project", async () => {
    write("train.py", "import lib.net");
    const first = await digest({ train });
    write("lib/net.py", "x = 1");
    const second = await digest({ train });
    write("lib/net.py", "x = 2");
    const third = await digest({ train });
    expect(new Set([first, second, third]).size).toBe(3);
  });

  test("data, the config, the lock, notes and what tools make are not", async () => {
    const first = await digest({ train });
    for (const path of [
      "data/7/0.jpg",
      "slipway.config.ts",
      "slipway.lock.json",
      "README.md",
      "__pycache__/net.pyc",
      "node_modules/a/index.js",
      ".slipway/x",
      "run.log",
    ])
      write(path, "anything");
    expect(await digest({ train })).toBe(first);
  });
});
