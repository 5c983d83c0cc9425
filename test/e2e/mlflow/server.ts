/** @file MLflow's tracking server as PyPI gives it: SQLite and artifacts in a folder of their own, on a free port of this machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findQuietPort } from "../../port.ts";
import { providePython } from "../protocols/python.ts";

export const mlflowPackages = ["mlflow==3.17.2"];

export interface MlflowServer extends AsyncDisposable {
  url: string;
  python: string;
  /** Where artifacts lie on this machine. */
  artifacts: string;
}

/** Starts in a few seconds once the packages are installed. `extra` are more words for `mlflow server`. */
export async function startMlflow(extra: readonly string[] = []): Promise<MlflowServer> {
  const python = providePython("mlflow", mlflowPackages);
  const folder = mkdtempSync(join(tmpdir(), "slipway-mlflow-"));
  const port = await findQuietPort();
  const artifacts = join(folder, "artifacts");
  const listen = ["--host", "127.0.0.1", "--port", String(port), "--workers", "1"];
  const keep = ["--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`, "--artifacts-destination", artifacts];
  const words = ["-m", "mlflow", "server", ...listen, ...keep, ...extra];
  const child = spawn(python, words, {
    cwd: folder,
    // A group of its own: its workers end with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      MLFLOW_DISABLE_TELEMETRY: "true",
      DO_NOT_TRACK: "true",
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
    },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-8000)));
  const ended = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.pid !== undefined) {
      process.kill(-child.pid, "SIGTERM");
      const killer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), 10_000);
      await ended;
      clearTimeout(killer);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  for (const until = Date.now() + 150_000; ; await sleep(200)) {
    if (child.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`mlflow server does not come up:\n${said}`);
    }
    const healthy = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) break;
  }
  return { url, python, artifacts, [Symbol.asyncDispose]: stop };
}
