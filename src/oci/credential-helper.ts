/** @file `docker-credential-<name> get`: the server's name on standard input, `{ Username, Secret }` on standard output. */
import { spawn } from "node:child_process";
import { parseObject } from "../base/json.ts";
import { credentialsBroken } from "./errors.ts";
import type { Credentials, Environment } from "./credentials.ts";

/** Cloud helpers ask their own services, which may take a while. */
const limitMs = 30_000;
const limitBytes = 1 << 20;

/** Undefined where the helper knows nothing of the server. Throws `credentialsBroken`; what the helper wrote is never in it, since that may be the secret. */
export async function askHelper(
  helper: string,
  server: string,
  environment: Environment,
  timeoutMs = limitMs,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  // A path here would run any program that a config file names.
  if (!/^[A-Za-z0-9._-]+$/.test(helper))
    throw credentialsBroken({ source: program, why: "a helper's name is of letters, digits, ., _ and -" });
  const { code, output } = await run(program, server, environment, timeoutMs);
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined;
    throw credentialsBroken({ source: program, why: `it ended with exit code ${code}` });
  }
  const { Username: username, Secret: secret } = parseObject(output) ?? {};
  if (typeof username !== "string" || typeof secret !== "string")
    throw credentialsBroken({ source: program, why: "its answer is not JSON with Username and Secret" });
  if (secret === "") return undefined;
  return username === "<token>"
    ? { kind: "identity", token: secret }
    : { kind: "password", username, password: secret };
}

async function run(
  program: string,
  input: string,
  environment: Environment,
  timeoutMs: number,
): Promise<{ code: number | null; output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; output: string }>();
  const refuse = (why: string, cause?: unknown) => reject(credentialsBroken({ source: program, why }, { cause }));
  const child = spawn(program, ["get"], { env: { ...environment }, stdio: ["pipe", "pipe", "ignore"] });
  const timer = setTimeout(() => {
    refuse(`it gave no answer for ${timeoutMs / 1000} s`);
    child.kill("SIGKILL");
    // Its own children may hold the pipe open: nobody waits for them.
    child.stdout.destroy();
  }, timeoutMs);
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    length += chunk.byteLength;
    if (length <= limitBytes) chunks.push(chunk);
  });
  // A helper may end without reading its input; its exit code tells.
  child.stdin.on("error", () => {});
  child.once("error", (cause: NodeJS.ErrnoException) => {
    clearTimeout(timer);
    refuse(cause.code === "ENOENT" ? "it is not on the PATH" : (cause.code ?? cause.message), cause);
  });
  child.once("close", (code) => {
    clearTimeout(timer);
    resolve({ code, output: Buffer.concat(chunks).toString("utf8") });
  });
  child.stdin.end(`${input}\n`);
  return promise;
}
