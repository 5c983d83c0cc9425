/** @file One running registry of distribution, on a free port of 127.0.0.1, with its own folder. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { provideRegistry } from "./build.ts";

export interface RunningRegistry {
  /** `127.0.0.1:41234` */
  host: string;
  folder: string;
  /** Its last lines, for failing tests. */
  log: () => string;
  /** Kills it. Its folder goes too, unless it is to be kept or was given. */
  stop: (options?: { keep?: boolean }) => Promise<void>;
}

export interface StartOptions {
  /** Further sections of its configuration, as JSON: `{ auth: { htpasswd: { … } } }`. */
  config?: object;
  /** Default: true. */
  deletion?: boolean;
  /** `127.0.0.1:0` by default: to start it again where it was. */
  address?: string;
  folder?: string;
}

export async function startRegistry(options: StartOptions = {}): Promise<RunningRegistry> {
  const binary = await provideRegistry();
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "slipway-registry-")));
  await mkdir(join(folder, "data"), { recursive: true });
  const path = join(folder, "config.yml");
  const { http, ...more } = (options.config ?? {}) as { http?: object };
  const config = {
    version: "0.1",
    log: { level: "info" },
    storage: {
      filesystem: { rootdirectory: join(folder, "data") },
      delete: { enabled: options.deletion ?? true },
    },
    http: { addr: options.address ?? "127.0.0.1:0", secret: "for tests", ...http },
    ...more,
  };
  // JSON is YAML too.
  await writeFile(path, JSON.stringify(config));
  const child = spawn(binary, ["serve", path], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], OTEL_TRACES_EXPORTER: "none" },
  });
  const lines: string[] = [];
  const log = () => lines.slice(-30).join("\n");
  const address = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      if (lines.length > 500) lines.splice(0, 250);
      const found = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (found !== undefined) address.resolve(found);
    });
  }
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("error", (error) => address.reject(error));
  child.once("close", (code) => {
    address.reject(new Error(`the registry ended with exit code ${code}:\n${log()}`));
    ended.resolve();
  });
  return {
    host: await address.promise,
    folder,
    log,
    stop: async ({ keep = options.folder !== undefined } = {}) => {
      kill();
      process.off("exit", kill);
      await ended.promise;
      if (!keep) await rm(folder, { recursive: true, force: true });
    },
  };
}
