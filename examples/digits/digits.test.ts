/** @file The example as its reader runs it, in a copy of its folder: data to verified endpoint, then nothing left to do. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const home = mkdtempSync(join(tmpdir(), "slipway-digits-"));
afterAll(() => rmSync(home, { recursive: true }));

interface Up {
  digest: string;
  steps: {
    step: string;
    outcome: string;
    facts: { metrics?: { accuracy: number }; correct?: number; count?: number };
  }[];
}

test("real images become a verified endpoint; a second time nothing is done again", () => {
  const example = fileURLToPath(new URL(".", import.meta.url));
  cpSync(example, home, { recursive: true, filter: (path) => !path.includes(".slipway") });
  const up = (): Up => {
    const main = fileURLToPath(new URL("../../bin/slipway.js", import.meta.url));
    const words = [main, "up", home, "--port", "0", "--exit", "--json"];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return JSON.parse(stdout) as Up;
  };
  const first = up();
  const [data, train, gate, artifact, serve, verify] = first.steps;
  expect([data, train, gate, artifact, serve, verify].map((one) => `${one?.step} ${one?.outcome}`)).toEqual(
    ["data", "train", "gate", "artifact", "serve", "verify"].map((step) => `${step} done`),
  );
  const { accuracy } = train!.facts.metrics!;
  expect(accuracy).toBeGreaterThanOrEqual(0.985);
  // The live endpoint gave exactly the run's own number of right answers.
  expect(verify!.facts).toMatchObject({ correct: Math.round(accuracy * 1000), count: 1000 });

  const second = up();
  expect(second.digest).toBe(first.digest);
  expect(second.steps.filter(({ outcome }) => outcome === "kept").map(({ step }) => step)).toEqual(
    expect.arrayContaining(["train", "artifact"]),
  );
});
