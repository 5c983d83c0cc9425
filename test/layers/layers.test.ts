/** @file Imports point down the house, and nothing outside a room's list is reached. The list is docs/design.md's. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const source = fileURLToPath(new URL("../../src", import.meta.url));

/** Top of the house first: a room imports only from rooms before it. */
const rooms = [
  "base",
  "oci",
  "onnx",
  "graph",
  "pixels",
  "data",
  "kernels",
  "model",
  "train",
  "artifact",
  "project",
  "image",
  "kube",
  "deploy",
  "http",
  "serve",
  "way",
  "console",
  "testing",
  "cli",
];

/** What ships in the image may reach only these. */
const serveMayImport = new Set([
  "base",
  "oci",
  "onnx",
  "graph",
  "pixels",
  "model",
  "artifact",
  "project",
  "http",
  "serve",
]);

/** Declarations without effects: the project file's own imports, which the server loads as well. */
const declarations = new Set(["index.ts"]);

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

const files = globSync("**/*.ts", { cwd: source })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => !path.endsWith(".test.ts") && !path.startsWith("kernels/assembly/"));
const imports = files.flatMap(readImports);

describe("the house", () => {
  test("every folder of src is a room of the list", () => {
    expect(
      [...new Set(files.filter((path) => path.includes("/")).map(roomOf))].filter((room) => !rooms.includes(room)),
    ).toEqual([]);
  });

  test("imports point down", () => {
    const wrong = imports
      .filter(({ from, to }) => !declarations.has(from) && rooms.indexOf(roomOf(to)) > rooms.indexOf(roomOf(from)))
      .map(({ from, to }) => `${from} imports ${to}: ${roomOf(from)} is above ${roomOf(to)}`);
    expect(wrong).toEqual([]);
  });

  test("no import goes round in a circle", () => {
    expect(findCycle(imports.filter(({ typeOnly }) => !typeOnly))).toEqual([]);
  });

  test("the server reaches nothing that must stay out of the image", () => {
    const wrong = imports
      .filter(({ from, to, typeOnly }) => roomOf(from) === "serve" && !typeOnly && !serveMayImport.has(roomOf(to)))
      .map(({ from, to }) => `${from} imports ${to}`);
    expect(wrong).toEqual([]);
  });

  test("only the CLI reads argv, prints and sets the exit code", () => {
    const effects = /\b(process\.argv|process\.exitCode|process\.stdout\.write|console\.log)\b/;
    const entries = new Set(["serve/main.ts", "way/job/main.ts"]);
    const wrong = files.filter(
      // Programs that stand for others in tests print, as those do.
      (path) =>
        !path.startsWith("cli/") &&
        !path.includes("/fixtures/") &&
        !entries.has(path) &&
        effects.test(withoutComments(read(path))),
    );
    expect(wrong).toEqual([]);
  });

  test("graph/build and kube touch no file, socket or process", () => {
    const wrong = files
      .filter((path) => path.startsWith("kube/") || path.startsWith("graph/build") || path.startsWith("graph/ops/"))
      .filter((path) => /from "node:(fs|net|http|https|child_process|worker_threads)/.test(read(path)));
    expect(wrong).toEqual([]);
  });
});

function roomOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : path;
}

function read(path: string): string {
  return readFileSync(join(source, path), "utf8");
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}

function readImports(path: string): Import[] {
  const text = withoutComments(read(path));
  const found: Import[] = [];
  for (const match of text.matchAll(
    /\b(import|export)\s+(type\s)?[^"';]*?\bfrom\s+"(\.[^"]+)"|\bimport\(\s*"(\.[^"]+)"\s*\)/g,
  )) {
    const specifier = match[3] ?? match[4];
    if (specifier === undefined) continue;
    const to = posix.normalize(posix.join(posix.dirname(path), specifier));
    // A dynamic import loads later, so it cannot close a circle while modules are evaluated.
    found.push({ from: path, to, typeOnly: match[2] !== undefined || match[4] !== undefined });
  }
  return found;
}

/** The first circle found, as a list of paths, or nothing. */
function findCycle(edges: readonly Import[]): string[] {
  const next = Map.groupBy(edges, ({ from }) => from);
  const state = new Map<string, "open" | "done">();
  const walk = (path: string, trail: string[]): string[] => {
    if (state.get(path) === "done") return [];
    if (state.get(path) === "open") return [...trail.slice(trail.indexOf(path)), path];
    state.set(path, "open");
    for (const { to } of next.get(path) ?? []) {
      const cycle = walk(to, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    state.set(path, "done");
    return [];
  };
  for (const path of next.keys()) {
    const cycle = walk(path, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

test("paths are read as the source tree has them", () => {
  expect(relative(source, join(source, "base/errors.ts"))).toBe("base/errors.ts");
  expect(dirname(files.find((path) => path === "base/errors.ts") ?? "")).toBe("base");
});
