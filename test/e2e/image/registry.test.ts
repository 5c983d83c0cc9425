/** @file A real image into a real registry, and what crane says of it there. */
import { execFileSync } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { pushImage } from "../../../src/image/destinations/registry.ts";
import { inspectImage } from "../../../src/image/inspect.ts";
import { openRepository } from "../../../src/oci/repository.ts";
import { startRegistry } from "../registry/start.ts";
import { openWorkshop } from "./build.ts";
import { provideCrane } from "./crane.ts";

const crane = await provideCrane();

test("distribution's registry takes it; the second model is one layer; crane finds every byte right", async () => {
  const registry = await startRegistry();
  onTestFinished(() => registry.stop());
  const { build } = await openWorkshop();
  const repository = openRepository(`${registry.host}/team/digits`);
  const first = await pushImage(repository, await build(1), { tags: ["v1"] });
  expect(first.layers.map(({ name, pushed }) => `${name} ${pushed}`)).toEqual(
    ["base", "node", "runtime", "app", "model"].map((name) => `${name} uploaded`),
  );
  const image = await build(2);
  const second = await pushImage(repository, image, { tags: ["v2"] });
  expect(second.layers.filter(({ pushed }) => pushed === "uploaded").map(({ name }) => name)).toEqual(["model"]);
  expect(second.root.digest).toBe(inspectImage(image).digest);
  if (crane === undefined) return;
  const ask = (...args: string[]) =>
    execFileSync(crane, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  expect(ask("digest", `${registry.host}/team/digits:v2`)).toBe(second.root.digest);
  execFileSync(crane, ["validate", "--remote", `${registry.host}/team/digits:v2`], { stdio: "pipe" });
});
