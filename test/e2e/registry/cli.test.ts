/** @file `slipway models push` and `pull` as a user types them, from one project to another by a real registry. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sampleContent } from "../../../src/artifact/fixtures/sample.ts";
import { openStore, storeFolder } from "../../../src/artifact/store/layout.ts";
import { startRegistry, type RunningRegistry } from "./start.ts";

const home = mkdtempSync(join(tmpdir(), "slipway-push-"));
const main = fileURLToPath(new URL("../../../bin/slipway.js", import.meta.url));
let registry: RunningRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(async () => {
  await registry.stop();
  rmSync(home, { recursive: true });
});

function makeProject(folder: string): string {
  const root = join(home, folder);
  mkdirSync(root);
  writeFileSync(
    join(root, "slipway.config.ts"),
    `import { defineProject } from "slipway";
import { imageFolder } from "slipway/data";
import { dense, flatten, sequential } from "slipway/train";
export default defineProject({
  name: "digits",
  data: imageFolder("data", { size: [28, 28], channels: 1 }),
  train: sequential({ layers: [flatten(), dense(2)] }),
});
`,
  );
  return root;
}

function slipway(root: string, ...words: string[]) {
  const env = { ...process.env, HOME: home, NO_COLOR: "1" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    cwd: root,
    encoding: "utf8",
    env,
  });
  return { status, stdout, stderr };
}

test("a model goes to the registry and comes out elsewhere with its digest", async () => {
  const [from, to] = [makeProject("from"), makeProject("to")];
  const store = await openStore(storeFolder(from));
  const { digest } = await store.put(sampleContent({ name: "digits" }));
  await store.setAlias("digits", "champion", digest);
  const prefix = `${registry.host}/models`;

  const pushed = slipway(from, "models", "push", prefix, "--alias", "champion", "--json");
  expect(pushed).toMatchObject({ status: 0, stderr: "" });
  expect(JSON.parse(pushed.stdout)).toMatchObject({ name: "digits", digest, location: prefix, alias: "champion" });

  expect(slipway(to, "models", "pull", prefix, "--alias", "champion")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("digits:champion") as string,
  });
  const arrived = await openStore(storeFolder(to));
  expect(await arrived.get("digits")).toMatchObject({ digest, aliases: ["champion"] });
});

test("a registry that is not there is named, with the next step", () => {
  const root = makeProject("lost");
  const { status, stderr } = slipway(root, "models", "pull", "127.0.0.1:1/models");
  expect(status).toBe(5);
  expect(stderr).toContain("127.0.0.1:1");
  expect(stderr).toContain("→");
});

test("an image is built and pushed; the second time nothing is sent", async () => {
  const root = makeProject("image");
  const store = await openStore(storeFolder(root));
  const { digest } = await store.put(sampleContent({ name: "digits" }));
  await store.setAlias("digits", "champion", digest);
  const push = () =>
    slipway(root, "image", "push", `${registry.host}/digits:v1`, "--platform", "linux/amd64", "--json");

  const first = push();
  expect(first).toMatchObject({ status: 0, stderr: "" });
  const pushed = JSON.parse(first.stdout) as { digest: string; layers: { name: string; pushed: string }[] };
  expect(pushed.layers.map(({ name }) => name)).toEqual(["base", "node", "runtime", "app", "model"]);
  const again = JSON.parse(push().stdout) as typeof pushed;
  expect(again.digest).toBe(pushed.digest);
  expect(again.layers.map((layer) => layer.pushed)).toEqual(Array(5).fill("existed"));

  const built = slipway(root, "image", "build", "digits.tar", "--platform", "linux/amd64", "--json");
  expect(built).toMatchObject({ status: 0 });
  const { images } = JSON.parse(built.stdout) as { images: { digest: string; size: number }[] };
  expect(images[0]?.digest).toBe(pushed.digest);
  expect(images[0]?.size).toBeLessThan(80e6);
});
