/** @file The server as a process of its own, started the way the local target and the image start it. */
import { spawn, type ChildProcess } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { createStore, putTurnedModel } from "../../../src/serve/_fixture.ts";

export interface RunningServer {
  child: ChildProcess;
  port: number;
  url: string;
  stores: Awaited<ReturnType<typeof createStore>>;
  exited: Promise<number | null>;
  /** All of stderr so far. */
  log: () => string;
}

const entry = fileURLToPath(new URL("../../../src/serve/main.ts", import.meta.url));

const app = `export default {
  name: "digits",
  serve: { routes: { "POST /predict": { input: { file: { kind: "image" } }, output: ({ label }) => ({ prediction: Number(label) }) } } },
};`;

/** Starts it on a free port with a model of its own; the test's end kills it and removes its store. */
export async function startProcess(env: Record<string, string> = {}): Promise<RunningServer> {
  const stores = await createStore();
  await putTurnedModel(stores.store, 0);
  const appPath = join(stores.folder, "app.mjs");
  await writeFile(appPath, app);
  const child = spawn(process.execPath, [entry], {
    env: {
      ...process.env,
      PORT: "0",
      SLIPWAY_APP: appPath,
      SLIPWAY_STORE: stores.folder,
      SLIPWAY_ANNOUNCE: "1",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
    await stores.remove();
  });
  const announced = new Promise<string>((resolve) => createInterface(child.stdout).once("line", resolve));
  const line = JSON.parse(await Promise.race([announced, exited.then(() => "{}")])) as { url?: string; port?: number };
  const { url, port } = line;
  if (url === undefined || port === undefined) throw new Error(`the server ended with ${await exited}: ${log}`);
  return { child, port, url, stores, exited, log: () => log };
}
