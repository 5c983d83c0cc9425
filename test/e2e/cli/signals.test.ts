/** @file Processes: who ends when, what is left behind, and what goes on after it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { readBirth } from "../../../src/deploy/local/state.ts";
import { findQuietPort } from "../../port.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const home = realpathSync(mkdtempSync(join(tmpdir(), "slipway-signals-")));
const project = join(home, "shapes");
const state = join(project, ".slipway/run/local.json");
const env = { ...process.env, PORT: "", HOST: "", NO_COLOR: "1" };
const started: ChildProcess[] = [];

beforeAll(() => {
  slipway("init", project);
  edit("epochs: 40", "epochs: 3");
  edit("atLeast: 0.9", "atLeast: 0");
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  if (!existsSync(state)) return;
  const { pid, born } = readState();
  if (readBirth(pid) === born) process.kill(pid, "SIGKILL");
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("Ctrl-C ends a server in the foreground: exit code 0, nothing left", async () => {
  const up = await startUp();
  const { pid, url } = readState();
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  up.child.kill("SIGINT");
  expect(await up.exit).toEqual({ code: 0, signal: null });
  expect({ alive: readBirth(pid), state: existsSync(state) }).toEqual({ alive: undefined, state: false });
});

test("a parent that is killed takes its server along", async () => {
  const up = await startUp();
  const { pid } = readState();
  up.child.kill("SIGKILL");
  await up.exit;
  await waitUntil(() => readBirth(pid) === undefined);
  // The state that it left is of no use, and in nobody's way.
  const { findings } = JSON.parse(slipway("doctor", project, "--port", "0", "--json").stdout) as {
    findings: { check: string; level: string }[];
  };
  expect(findings.find(({ check }) => check === "server")?.level).toBe("warn");
  expect(slipway("up", project, "--exit", "--port", "0").status).toBe(0);
});

test("a running server is kept for the same model, and takes a new one without a new process", async () => {
  await startUp();
  const { pid, digest } = readState();
  const again = JSON.parse(slipway("up", project, "--port", "0", "--json").stdout) as Result;
  expect(outcomes(again)).toEqual([
    "data done",
    "train kept",
    "gate done",
    "artifact kept",
    "serve kept",
    "verify kept",
  ]);
  expect(again.pid).toBe(pid);

  const next = JSON.parse(slipway("up", project, "--port", "0", "--force", "--json").stdout) as Result;
  expect(next.steps.find(({ step }) => step === "serve")?.facts["outcome"]).toBe("refreshed");
  expect({ pid: next.pid, changed: next.digest !== digest }).toEqual({ pid, changed: true });
  const { headers } = await fetch(`${next.url}/readyz`);
  expect(headers.get("x-model-digest")).toBe(next.digest);

  // --exit ends what it started, not what was there.
  expect(slipway("up", project, "--port", "0", "--exit").status).toBe(0);
  expect(readBirth(pid)).toBe(readState().born);
});

test("a running server is replaced where the project file changed", async () => {
  const up = await startUp();
  const { pid } = readState();
  edit("shape: label", "is: label");
  const next = JSON.parse(slipway("up", project, "--port", "0", "--detach", "--json").stdout) as Result;
  expect({ old: readBirth(pid), alive: readBirth(next.pid) }).toEqual({ old: undefined, alive: readState().born });
  expect(outcomes(next)).toEqual([
    "data done",
    "train kept",
    "gate done",
    "artifact kept",
    "serve done",
    "verify done",
  ]);
  // The terminal that held the old one is told, and ends.
  expect(await up.exit).toEqual({ code: 0, signal: null });
  expect(up.stdout()).toContain("the server ended");
});

test("a detached server stays, serves predictions, and is replaced for another port", async () => {
  const first = JSON.parse(slipway("up", project, "--port", "0", "--detach", "--json").stdout) as Result;
  expect(readBirth(first.pid)).toBe(readState().born);
  const asked = slipway("predict", join(project, "data/circle/000.png"), "-p", project, "--json");
  expect(JSON.parse(asked.stdout)).toMatchObject([
    { label: expect.stringMatching(/circle|square|triangle/) as string },
  ]);
  const other = await findQuietPort();
  const replacing = slipway("up", project, "--port", String(other), "--detach", "--json");
  // With what it printed, so that a failure shows why.
  const printed = expect.any(String) as string;
  expect(replacing).toMatchObject({ status: 0, stdout: printed, stderr: printed });
  const second = JSON.parse(replacing.stdout) as Result;
  expect({ old: readBirth(first.pid), url: second.url }).toEqual({ old: undefined, url: `http://127.0.0.1:${other}` });
});

test("an interrupted training keeps a checkpoint, exits with 130, and resumes to the result of one that was not", async () => {
  const folder = join(home, "resume");
  cpSync(project, folder, { recursive: true, filter: (path) => !path.includes(".slipway") });
  editIn(folder, "epochs: 3", "epochs: 30");
  const whole = join(home, "whole");
  cpSync(folder, whole, { recursive: true });

  const training = run("train", folder, "--verbose");
  await waitUntil(() => /epoch [4-9]\/30/.test(training.stderr()));
  training.child.kill("SIGINT");
  expect(await training.exit).toEqual({ code: 130, signal: null });
  expect(training.stderr()).toContain("SLIPWAY_TRAIN_INTERRUPTED");
  expect(readdirSync(join(folder, ".slipway/runs"))).toHaveLength(1);

  const [resumed, uninterrupted] = [slipway("train", folder, "--resume", "--json"), slipway("train", whole, "--json")];
  const result = (JSON.parse(resumed.stdout) as Result).metrics;
  expect(result).toEqual((JSON.parse(uninterrupted.stdout) as Result).metrics);
  expect(readdirSync(join(folder, ".slipway/runs"))).toEqual([]);
});

test("a port that somebody else holds is told before the training", async () => {
  const up = await startUp();
  const { port } = new URL(readState().url);
  const other = join(home, "other");
  expect(slipway("init", other).status).toBe(0);
  const refused = slipway("up", other, "--port", port, "--json");
  expect(refused.status).toBe(5);
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: "SLIPWAY_DEPLOY_PORT_IN_USE" } });
  expect(existsSync(join(other, ".slipway/store"))).toBe(false);
  up.child.kill("SIGTERM");
  expect(await up.exit).toEqual({ code: 0, signal: null });
});

interface Result {
  digest: string;
  url: string;
  pid: number;
  metrics: Record<string, number>;
  steps: { step: string; outcome: string; facts: Record<string, unknown> }[];
}

function outcomes({ steps }: Result): string[] {
  return steps.map(({ step, outcome }) => `${step} ${outcome}`);
}

function slipway(...args: string[]) {
  return spawnSync(process.execPath, [main, ...args], { env, encoding: "utf8", timeout: 120_000 });
}

function run(...args: string[]) {
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
  const exit = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  return { child, exit, stdout: () => text.stdout, stderr: () => text.stderr };
}

async function startUp() {
  const up = run("up", project, "--port", "0");
  await waitUntil(() => up.stdout().includes("Ctrl-C"));
  return up;
}

async function waitUntil(isTrue: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!isTrue()) {
    if (Date.now() > end) throw new Error("waited for a minute, in vain");
    await sleep(20);
  }
}

function readState(): { pid: number; url: string; digest: string; born: string } {
  return JSON.parse(readFileSync(state, "utf8")) as ReturnType<typeof readState>;
}

function edit(from: string, to: string): void {
  editIn(project, from, to);
}

function editIn(folder: string, from: string, to: string): void {
  const path = join(folder, "slipway.config.ts");
  writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
}
