/** @file An example as its reader runs it: a copy of its folder, the command as a process, its server left running for the test's questions. */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askHttp } from "../src/base/ask.ts";

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface UpDocument {
  digest: string;
  url: string;
  urls?: { kind: string; url: string; reachable: boolean }[];
  steps: { step: string; outcome: "done" | "kept"; facts: Record<string, unknown> }[];
}

export interface Example extends AsyncDisposable {
  folder: string;
  /** `slipway <words>` with the copy as the working folder. */
  run(...words: string[]): Promise<Ran>;
  /** `slipway up <words> --json`; anything but exit code 0 throws. Without words: on a free port of this machine, left running. */
  up(...words: string[]): Promise<UpDocument>;
}

const main = fileURLToPath(new URL("../bin/slipway.js", import.meta.url));

/** `name` is a folder of examples/. What was left running there is stopped in the end. `env` is what its commands find in the environment besides. */
export function copyExample(name: string, env: Readonly<Record<string, string>> = {}): Example {
  const folder = mkdtempSync(join(tmpdir(), `slipway-${name}-`));
  const from = fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
  cpSync(from, folder, { recursive: true, filter: (path) => !path.includes(".slipway") });
  return openExample(folder, env);
}

/** The same for any project's folder, which then is removed in the end. */
export function openExample(folder: string, env: Readonly<Record<string, string>> = {}): Example {
  const run = (...words: string[]): Promise<Ran> => runSlipway(folder, words, env);
  return {
    folder,
    run,
    async up(...words) {
      const given = words.length > 0 ? words : ["--port", "0", "--detach"];
      const { status, stdout, stderr } = await run("up", ...given, "--json");
      if (status !== 0) throw new Error(`slipway up ${given.join(" ")} ended with ${status}: ${stdout}${stderr}`);
      return JSON.parse(stdout) as UpDocument;
    },
    async [Symbol.asyncDispose]() {
      await run("down", "--target", "local");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asynchronous: tests ask servers meanwhile. */
function runSlipway(folder: string, words: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...words], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", PORT: "", ...env },
  });
  const told = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (told.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (told.stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, ...told }));
  });
}

export interface Answer {
  status: number;
  type: string;
  body: unknown;
}

/** A GET, or a POST of `body` as JSON (a text goes as it is), to any port: `fetch` refuses 6000. */
export async function ask(url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const sent = typeof body === "string" ? body : JSON.stringify(body);
  const {
    status,
    headers: told,
    text,
  } = await askHttp(url, {
    signal: AbortSignal.timeout(30_000),
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: sent }),
  });
  const type = told["content-type"] ?? "";
  return { status, type, body: /json/.test(type) ? (JSON.parse(text) as unknown) : text };
}
