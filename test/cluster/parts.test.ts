/** @file Starting, watching and stopping processes that outlive this one. No cluster is needed. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensurePart, listParts, openParts, partStatus } from "./parts.ts";
import { findProcess, logTail, stopProcess, type PartCommand } from "./process.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-parts-"));
});
afterEach(async () => {
  for (const part of listParts(folder)) await stopProcess(folder, part, 0);
  rmSync(folder, { recursive: true });
});

const part = (script: string, more: Partial<PartCommand> = {}): PartCommand => ({
  name: "part",
  program: "sh",
  args: ["-c", script],
  health: { kind: "running" },
  ...more,
});
const pid = () => findProcess(folder, "part")?.pid;

test("what runs is left alone; what ended, or would be started otherwise, is started anew", async () => {
  const command = part("exec sleep 1000");
  await ensurePart(folder, command);
  const first = pid();
  await ensurePart(folder, command);
  expect(pid()).toBe(first);
  await openParts(folder).kill("part");
  expect(await partStatus(folder, "part")).toMatchObject({ state: "stopped", pid: undefined });
  await ensurePart(folder, command);
  const second = pid();
  expect(second).not.toBe(first);
  await ensurePart(folder, { ...command, inputs: "another file" });
  expect(pid()).not.toBe(second);
});

test("a part is paused, resumed, and ended though it is paused", async () => {
  const parts = openParts(folder);
  await ensurePart(folder, part("exec sleep 1000"));
  const before = parts.pid("part");
  await parts.pause("part");
  await expect.poll(() => partStatus(folder, "part")).toMatchObject({ state: "paused", pid: before });
  await parts.resume("part");
  await expect.poll(() => partStatus(folder, "part")).toMatchObject({ state: "healthy", pid: before });
  await parts.pause("part");
  await parts.stop("part");
  expect(parts.pid("part")).toBe(undefined);
  await parts.start("part");
  expect(parts.pid("part")).not.toBe(undefined);
});

test("a part that ends at its start is named, with its last twenty lines", async () => {
  const failing = part("seq 1 50; echo port 80 is taken >&2; exit 3", {
    health: { kind: "socket", path: join(folder, "none") },
  });
  await expect(ensurePart(folder, failing)).rejects.toThrow(
    /^part ended\. Its last lines:\n32\n33\n[\d\n]+50\nport 80 is taken$/,
  );
  expect(logTail(folder, "part", 2)).toBe("50\nport 80 is taken");
});

test("a program that is not there is named", async () => {
  await expect(ensurePart(folder, { ...part(""), program: "no-such-program" })).rejects.toThrow(
    "part could not be started: is there a no-such-program?",
  );
});

test("nothing is started where something else answers in its place", async () => {
  const stranger = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`;
  await expect(ensurePart(folder, part("exec sleep 1000", { health: { kind: "http", url } }))).rejects.toThrow(
    `part cannot start: something else answers at ${url}`,
  );
  expect(pid()).toBe(undefined);
  await new Promise((resolve) => stranger.close(resolve));
});

test("a process that got a part's pid later is nobody's to end", async () => {
  await ensurePart(folder, part("exec sleep 1000"));
  await stopProcess(folder, "part");
  const stranger = spawn("sleep", ["1000"]);
  const ended = new Promise<NodeJS.Signals | null>((resolve) => stranger.once("exit", (_, signal) => resolve(signal)));
  await ensurePart(folder, part("exec sleep 1001"));
  const path = join(folder, "pids", "part.json");
  const record = JSON.parse(readFileSync(path, "utf8")) as { pid: number };
  const own = record.pid;
  writeFileSync(path, JSON.stringify({ ...record, pid: stranger.pid, started: "1" }));
  expect(findProcess(folder, "part")).toBe(undefined);
  await stopProcess(folder, "part");
  expect(stranger.exitCode).toBe(null);
  stranger.kill("SIGINT");
  expect(await ended).toBe("SIGINT");
  process.kill(own);
});
