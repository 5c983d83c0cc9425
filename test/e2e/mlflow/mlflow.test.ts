/** @file A real MLflow server, both ways: what is written there its own client reads back, and the champion that is taken from there serves the same answers. */
import { execFile } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyExample } from "../../example.ts";
import { startMlflow, type MlflowServer } from "./server.ts";

const run = promisify(execFile);
const home = copyExample("market");
const away = copyExample("market");
let mlflow: MlflowServer;
let address: string;
let url: string;
let digest: string;

beforeAll(async () => {
  mlflow = await startMlflow();
  address = `mlflow+${mlflow.url}`;
  ({ url, digest } = await home.up("--sample", "--port", "0", "--detach"));
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await away[Symbol.asyncDispose]();
  await (mlflow as MlflowServer | undefined)?.[Symbol.asyncDispose]();
});

interface Lineage {
  metrics: Record<string, number>;
  dataset: { digest: string };
  startedAt: string;
  durationSeconds: number;
  parameters: { best: number; experiments: { parameters: object; metrics: Record<string, number> }[] };
}

interface Run {
  id: string;
  name: string;
  status: string;
  start: number;
  end: number;
  params: Record<string, string>;
  metrics: Record<string, number>;
  tags: Record<string, string>;
  datasets: { name: string; digest: string }[];
}

interface ReadBack {
  stage: string;
  runs: Run[];
  versions: { version: number | string; tags: Record<string, string>; run: string; status: string; source: string }[];
  champion: { version: number | string; run: string; aliases: string[] };
  files: string[];
  inputs: unknown[];
  outputs: unknown[];
}

describe("a champion that is pushed", () => {
  let lineage: Lineage;
  let told: ReadBack;

  beforeAll(async () => {
    const shown = await home.run("models", "show", "market", "--json");
    ({ lineage } = JSON.parse(shown.stdout) as { lineage: Lineage });
    const pushed = await home.run("models", "push", address, "--alias", "champion", "--json");
    if (pushed.status !== 0) throw new Error(pushed.stdout + pushed.stderr);
    told = await readBack();
  });

  test("is a run with its parameters, figures and data", () => {
    const parent = told.runs.find(({ id }) => id === told.champion.run)!;
    expect(parent).toMatchObject({
      name: `market ${digest.slice(7, 19)}`,
      status: "FINISHED",
      start: Date.parse(lineage.startedAt),
      end: Math.round(Date.parse(lineage.startedAt) + lineage.durationSeconds * 1000),
      params: { trainer: "experiments", seed: "1", metric: "accuracy", best: String(lineage.parameters.best) },
      metrics: lineage.metrics,
      tags: { "slipway.digest": digest, "slipway.dataset": lineage.dataset.digest, "slipway.sample": "true" },
      datasets: [{ name: "market", digest: lineage.dataset.digest.slice(7, 43) }],
    });
  });

  test("and a run below it for each of the three forests", () => {
    const children = told.runs
      .filter(({ tags }) => tags["mlflow.parentRunId"] === told.champion.run)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(children.map(({ name, params }) => [name, params["trees"], params["depth"]])).toEqual([
      ["forest 1", "50", "3"],
      ["forest 2", "100", "5"],
      ["forest 3", "200", "8"],
    ]);
    const { experiments, best } = lineage.parameters;
    expect(children.map(({ metrics }) => metrics)).toEqual(experiments.map(({ metrics }) => metrics));
    expect(children.map(({ tags }) => tags["slipway.best"] === "true")).toEqual([0, 1, 2].map((one) => one === best));
    expect(told.runs).toHaveLength(4);
  });

  test("is a version of a registered model, which the alias names, with the files and the signature that MLflow reads", () => {
    expect(told.versions.map(({ version, status }) => [Number(version), status])).toEqual([[1, "READY"]]);
    expect(told.versions[0]).toMatchObject({ run: told.champion.run, tags: { "slipway.digest": digest } });
    expect(told.champion.aliases).toEqual(["champion"]);
    expect(told.files).toEqual([
      "model/MLmodel",
      "model/model.onnx",
      "model/oci/config.json",
      "model/oci/manifest.json",
      "model/slipway.json",
    ]);
    expect(told.inputs).toEqual([["features", "float32", [-1, 4]]]);
    expect(told.outputs).toEqual([["probabilities", "float32", [-1, 2]]]);
  });

  test("is not written twice", async () => {
    expect(await home.run("models", "push", address, "--alias", "champion")).toMatchObject({ status: 0 });
    const again = await readBack();
    expect([again.runs.length, again.versions.length]).toEqual([4, 1]);
  });

  test("is taken from there by another project, and serves the same answers", async () => {
    const pulled = await away.run("models", "pull", address, "--alias", "champion", "--json");
    expect(JSON.parse(pulled.stdout)).toMatchObject({ name: "market", digest, alias: "champion" });
    const served = await away.run("serve", "--port", "0", "--detach", "--json");
    const { url: other, digest: servedDigest } = JSON.parse(served.stdout) as { url: string; digest: string };
    expect(servedDigest).toBe(digest);
    const ask = async (at: string, path: string, init?: RequestInit) => (await fetch(at + path, init)).text();
    expect(await ask(other, "/predictionForTomorrow")).toBe(await ask(url, "/predictionForTomorrow"));
    const rows = { return: 0.02, ma_3: 124, ma_5: 122, volatility_3: 0.01 };
    const post = { method: "POST", body: JSON.stringify(rows), headers: { "content-type": "application/json" } };
    expect(await ask(other, "/playground/predict", post)).toBe(await ask(url, "/playground/predict", post));
  });
});

describe("what cannot be used says why", () => {
  const fails = async (...words: string[]) => {
    const { status, stdout } = await away.run("models", ...words, "--json");
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    return { status, ...error };
  };

  test("a model, or an alias, that is not there", async () => {
    expect(await fails("pull", address, "nothing")).toMatchObject({ code: "SLIPWAY_ARTIFACT_NOT_FOUND" });
    const { code, message } = await fails("pull", address, "market:challenger");
    expect(code).toBe("SLIPWAY_ARTIFACT_NOT_FOUND");
    expect(message).toContain("nearest: market:champion");
  });

  test("a version that another tool registered", async () => {
    await python(
      `
client.create_registered_model("foreign")
run = client.create_run("0")
client.create_model_version("foreign", f"{run.info.artifact_uri}/model", run.info.run_id)
client.set_registered_model_alias("foreign", "champion", "1")`,
    );
    expect(await fails("pull", address, "foreign")).toMatchObject({
      code: "SLIPWAY_ARTIFACT_INCOMPLETE",
      message: expect.stringContaining("not put there by Slipway") as string,
    });
  });

  test("a file that was changed on the server", async () => {
    const [path = ""] = globSync(join(mlflow.artifacts, "**/model.onnx"));
    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    changed[100] = (changed[100] ?? 0) ^ 1;
    const other = copyExample("market");
    try {
      writeFileSync(path, changed);
      const { status, stdout } = await other.run("models", "pull", address, "--json");
      expect(status).not.toBe(0);
      expect(stdout).toContain("SLIPWAY_ARTIFACT_BLOB_CORRUPTED");
    } finally {
      writeFileSync(path, bytes);
      await other[Symbol.asyncDispose]();
    }
  });

  test("a server that is not there, or is something else", async () => {
    expect(await fails("pull", "mlflow+http://127.0.0.1:9")).toMatchObject({
      status: 5,
      code: "SLIPWAY_ARTIFACT_MLFLOW_AWAY",
    });
    const { code } = await fails("pull", `mlflow+${url}`);
    expect(code).toMatch(/^SLIPWAY_ARTIFACT_(MLFLOW_REFUSED|MLFLOW_AWAY)$/);
  });
});

async function readBack(): Promise<ReadBack> {
  const script = fileURLToPath(new URL("read.py", import.meta.url));
  return JSON.parse(await runPython(script, mlflow.url, "market")) as ReadBack;
}

function python(body: string): Promise<string> {
  const head = `from mlflow.tracking import MlflowClient\nclient = MlflowClient(${JSON.stringify(mlflow.url)})`;
  return runPython("-c", head + body);
}

async function runPython(...words: string[]): Promise<string> {
  const env = { ...process.env, NO_PROXY: "127.0.0.1", MLFLOW_DISABLE_TELEMETRY: "true" };
  return (await run(mlflow.python, words, { env })).stdout;
}
