import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { withLock } from "./lock.ts";

const folder = await mkdtemp(join(tmpdir(), "slipway-lock-"));
afterAll(() => rm(folder, { recursive: true }));

/** Another process that takes the lock and keeps it. */
async function holdElsewhere(file: string) {
  const code = `import { withLock } from ${JSON.stringify(new URL("lock.ts", import.meta.url).href)};
    await withLock(${JSON.stringify(file)}, () => new Promise(() => { process.stdout.write("held"); setInterval(() => {}, 1000); }));`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

test("one at a time, in one process too", async () => {
  let inside = 0;
  const most = await Promise.all(
    Array.from({ length: 20 }, () =>
      withLock(join(folder, "same"), async () => {
        inside++;
        await sleep(1);
        return inside--;
      }),
    ),
  );
  expect(most).toEqual(Array.from({ length: 20 }, () => 1));
});

test("gives back what the work gives, and is free again after work that throws", async () => {
  const file = join(folder, "throws");
  await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrowError("no");
  expect(await withLock(file, async () => 7)).toBe(7);
});

test("is held against other processes, and freed by the kernel when its process is killed", async () => {
  const file = join(folder, "killed");
  const holder = await holdElsewhere(file);
  await expect(withLock(file, async () => "mine", { timeoutSeconds: 0.1 })).rejects.toThrowError(
    expect.objectContaining({
      code: "SLIPWAY_ARTIFACT_STORE_LOCKED",
      message: `another process has held ${file} for 0.1 s`,
    }),
  );
  const waiting = withLock(file, async () => "mine");
  holder.kill("SIGKILL");
  expect(await waiting).toBe("mine");
});

test("says why a file cannot be locked", async () => {
  await expect(withLock(join(folder, "missing", "lock"), async () => 1)).rejects.toThrowError(
    expect.objectContaining({
      code: "SLIPWAY_ARTIFACT_STORE_NOT_LOCKABLE",
      message: expect.stringContaining("unable to open"),
    }),
  );
});
