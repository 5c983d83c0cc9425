/** @file What the docs claim is held against the code. */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("docs/errors.md lists every error as the code has it", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/docs.ts", "--check"], {
    cwd: root,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("links between the docs lead somewhere", () => {
  const pages = [...globSync("*.md", { cwd: root }), ...globSync("docs/**/*.md", { cwd: root })];
  const dead = pages.flatMap((page) =>
    [...readFileSync(root + page, "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .map(([, target]) => new URL(target ?? "", new URL(page, `file://${root}`)).pathname)
      .filter((target) => globSync(target).length === 0)
      .map((target) => `${page} → ${target.replace(root, "")}`),
  );
  expect(dead).toEqual([]);
});
