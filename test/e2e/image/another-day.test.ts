/** @file The same inputs on another day, in another folder, in a process that no network reaches and with nothing in its cache. */
import { spawnSync } from "node:child_process";
import { copyFile, mkdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { inspectImage } from "../../../src/image/inspect.ts";
import { openWorkshop } from "./build.ts";

/** Node's own clock, moved; the system's cannot be. */
const later = (milliseconds: number): string =>
  `data:text/javascript,${encodeURIComponent(`
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given) { given.length === 0 ? super(Real.now() + ${milliseconds}) : super(...given); }
      static now() { return Real.now() + ${milliseconds}; }
    };
  `)}`;

const canCut = process.platform === "linux" && spawnSync("unshare", ["--net", "true"]).status === 0;

test("the image has the same digest on another day, in another folder, without a network", async ({ skip }) => {
  if (process.platform !== "linux") skip("the host's libraries are those of Linux only");
  const { build, folder, project, store } = await openWorkshop();
  const digest = inspectImage(await build(1)).digest;
  const elsewhere = join(folder, "a", "quite", "different folder");
  await mkdir(elsewhere, { recursive: true });
  const config = join(elsewhere, "slipway.config.ts");
  await copyFile(project.configPath, config);
  await utimes(config, 1e9, 1e9);
  const year = 365 * 24 * 60 * 60 * 1000;
  const builder = fileURLToPath(new URL("builder.ts", import.meta.url));
  const words = ["--import", later(year), builder, elsewhere, store.location, join(folder, "cold"), "digits:champion"];
  // Where this account may not make a network namespace, a proxy that nobody listens on cuts off what would be fetched.
  const environment = { ...process.env, HTTPS_PROXY: "http://127.0.0.1:1", HTTP_PROXY: "http://127.0.0.1:1" };
  const [program, args] = canCut ? ["unshare", ["--net", process.execPath, ...words]] : [process.execPath, words];
  const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8", env: environment });
  expect(stderr).toBe("");
  const made = JSON.parse(stdout) as { digest: string; at: number };
  expect(made.at).toBeGreaterThan(Date.now() + year / 2);
  expect(made.digest).toBe(digest);
});
