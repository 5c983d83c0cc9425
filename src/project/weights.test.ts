import { resolve } from "node:path";
import { expect, test } from "vitest";
import { command, ssd300, weights } from "../train/index.ts";
import { weightsNotUsed } from "../train/errors.ts";
import type { Project, ProjectDefinition } from "./types.ts";
import { replaceWeights } from "./weights.ts";

const sha256 = "0".repeat(64);
const trainer = weights({ file: "ssd300.pth", sha256, network: ssd300() });

function project(definition: Partial<ProjectDefinition>): Project {
  return { root: "/p", definition: { name: "detector", ...definition } } as Project;
}

test("takes other weights, held to the same digest", () => {
  const given = project({ train: trainer, data: trainer.source });
  const { definition } = replaceWeights(given, "https://example.org/new.pth");
  expect(definition.data).toEqual({ ...trainer.source, path: "https://example.org/new.pth" });
  expect(definition.train).toEqual({ ...trainer, source: definition.data });
  expect(replaceWeights(given, "new.pth").definition.data).toMatchObject({
    path: resolve("new.pth"),
    digest: `sha256:${sha256}`,
  });
  expect(replaceWeights(given, undefined)).toBe(given);
});

test("is refused where nothing would use them", () => {
  const used = expect.objectContaining({ code: weightsNotUsed.code });
  expect(() => replaceWeights(project({ train: command({ command: ["true"] }) }), "a.pth")).toThrow(used);
  expect(() => replaceWeights(project({}), "a.pth")).toThrow(used);
});
