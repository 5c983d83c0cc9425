import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readBirth, readLiveState, readState, removeState, statePath, writeState } from "./state.ts";

const home = realpathSync(mkdtempSync(join(tmpdir(), "slipway-state-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const born = readBirth(process.pid) ?? "";
const state = {
  pid: process.pid,
  born,
  host: "127.0.0.1",
  port: 5000,
  url: "http://127.0.0.1:5000",
  app: "a.mjs",
  model: "digits:champion",
  digest: "sha256:0",
  detached: false,
};

test("a process is known by its number and its birth", async () => {
  expect(born).not.toBe("");
  expect(readBirth(process.pid)).toBe(born);
  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.once("exit", resolve));
  expect(readBirth(child.pid ?? 0)).toBe(undefined);
});

test("a state is alive as long as its process is the same one", async () => {
  const root = join(home, "alive");
  expect(readState(root)).toBe(undefined);
  await writeState(root, state);
  expect(readLiveState(root)).toEqual(state);
  await writeState(root, { ...state, born: "another" });
  expect(readState(root)?.born).toBe("another");
  expect(readLiveState(root)).toBe(undefined);
});

test("only its own process's state is removed", async () => {
  const root = join(home, "own");
  await writeState(root, state);
  await removeState(root, state.pid + 1);
  expect(readState(root)).toEqual(state);
  await removeState(root, state.pid);
  expect(readState(root)).toBe(undefined);
});

test.each(["", "{", "[]", '{"pid":"x"}'])("%j is no state, and in nobody's way", async (text) => {
  const root = join(home, `broken-${Buffer.from(text).toString("hex")}`);
  mkdirSync(dirname(statePath(root)), { recursive: true });
  writeFileSync(statePath(root), text);
  expect(readState(root)).toBe(undefined);
  await writeState(root, state);
  expect(readState(root)).toEqual(state);
});
