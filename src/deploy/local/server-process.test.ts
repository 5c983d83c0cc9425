import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { startServerProcess } from "./server-process.ts";

const home = realpathSync(mkdtempSync(join(tmpdir(), "slipway-server-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const options = {
  host: "127.0.0.1",
  port: 0,
  storePath: join(home, "store"),
  model: "digits:champion",
  signal: new AbortController().signal,
};

function writeApp(name: string, text: string): string {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
}

test.each([
  ["attached", {}],
  ["detached", { detachedLog: join(home, "local.log") }],
])("a server that cannot start, %s, gives its own error", async (_, how) => {
  const appPath = writeApp("throws.mjs", `throw new Error("no luck");`);
  await expect(startServerProcess({ ...options, ...how, appPath })).rejects.toMatchObject({
    code: "SLIPWAY_SERVE_APP_INVALID",
    message: expect.stringContaining("no luck") as string,
    exit: 5,
  });
});

test("a server that dies without a word is shown with its last lines", async () => {
  const appPath = writeApp("dies.mjs", `process.stderr.write("out of something\\n"); process.exit(7);`);
  await expect(startServerProcess({ ...options, appPath })).rejects.toMatchObject({
    code: "SLIPWAY_DEPLOY_SERVER_FAILED",
    message: "the server ended with code 7 before it was ready; its last lines:\n  out of something",
  });
});

test("an abort while it starts ends it", async () => {
  const stopped = new AbortController();
  const appPath = writeApp("hangs.mjs", `setInterval(() => {}, 1000); await new Promise(() => {});`);
  const starting = startServerProcess({ ...options, appPath, signal: stopped.signal });
  setTimeout(() => stopped.abort(), 200);
  await expect(starting).rejects.toMatchObject({ name: "AbortError" });
  expect(existsSync(options.storePath)).toBe(false);
});
