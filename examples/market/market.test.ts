/** @file The example as its reader runs it with --sample, and as the callers of the service before it call: same path, same fields. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askAllTheTime, askServedDigest } from "../../test/callers.ts";
import { ask, copyExample, type UpDocument } from "../../test/example.ts";
import { columns, latestFeatures, toRows } from "./features.ts";
import { finalPrices } from "./prices.ts";
import { samplePrices } from "./sample.ts";

const example = copyExample("market");
let first: UpDocument;

beforeAll(async () => {
  // Its server follows the alias by itself, as on a cluster.
  process.env["SLIPWAY_FOLLOW"] = "market:champion";
  process.env["SLIPWAY_FOLLOW_SECONDS"] = "1";
  first = await example.up("--sample", "--port", "0", "--detach");
});
afterAll(async () => {
  delete process.env["SLIPWAY_FOLLOW"];
  delete process.env["SLIPWAY_FOLLOW_SECONDS"];
  await example[Symbol.asyncDispose]();
});

interface Answer {
  prediction: "UP" | "DOWN";
  confidence: number;
  threshold: number;
  model_source: string;
  model_alias: string;
  sample?: boolean;
}

const tomorrow = async (query = "") => {
  const { status, type, body } = await ask(`${first.url}/predictionForTomorrow${query}`);
  return { status, type, body: body as Answer };
};

test("generated prices become a verified endpoint: the best of three forests", async () => {
  expect(first.steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual(
    ["data", "train", "gate", "artifact", "serve", "verify"].map((step) => `${step} done`),
  );
  expect(first.steps[0]!.facts).toMatchObject({ warnings: [{ kind: "sample" }] });
  const { accuracy } = first.steps[1]!.facts["metrics"] as { accuracy: number };
  expect(accuracy).toBeGreaterThan(0.52);
  const { stdout } = await example.run("models", "show", "market", "--json");
  const { lineage } = JSON.parse(stdout) as {
    lineage: {
      dataset: { sample: boolean };
      parameters: {
        best: number;
        experiments: { parameters: { trees: number; depth: number }; metrics: { accuracy: number } }[];
      };
    };
  };
  expect(lineage.dataset.sample).toBe(true);
  const { experiments, best } = lineage.parameters;
  expect(experiments.map(({ parameters: { trees, depth } }) => [trees, depth])).toEqual([
    [50, 3],
    [100, 5],
    [200, 8],
  ]);
  expect(experiments[best]!.metrics.accuracy).toBe(Math.max(...experiments.map(({ metrics }) => metrics.accuracy)));
});

describe("callers of the service before", () => {
  test("get the fields they know, and those that say what answers", async () => {
    const { status, type, body } = await tomorrow();
    expect({ status, type }).toEqual({ status: 200, type: expect.stringContaining("application/json") as string });
    expect(Object.keys(body)).toEqual([
      "prediction",
      "confidence",
      "threshold",
      "model_source",
      "model_alias",
      "sample",
    ]);
    expect(body).toMatchObject({ threshold: 0.5, model_source: "store", model_alias: "champion", sample: true });
    expect(body.prediction).toBe(body.confidence >= 0.5 ? "UP" : "DOWN");
  });

  test("the confidence is what the model says of the last day's features", async () => {
    const features = latestFeatures(samplePrices())!;
    const { body } = await ask(`${first.url}/v1/models/market:predict`, {
      instances: [columns.map((c) => features[c])],
    });
    const direct = await ask(`${first.url}/playground/predict`, features);
    const { probabilities } = direct.body as { probabilities: { UP: number } };
    expect((await tomorrow()).body.confidence).toBe(probabilities.UP);
    expect(body).toEqual({ predictions: [(direct.body as { label: string }).label] });
  });

  test("the threshold decides, its ends included", async () => {
    const { confidence } = (await tomorrow()).body;
    for (const threshold of [0, 0.001, confidence, 0.5, 0.999, 1, 1e-7]) {
      const { status, body } = await tomorrow(`?threshold=${threshold}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ threshold, confidence, prediction: confidence >= threshold ? "UP" : "DOWN" });
    }
  });

  test.each(["-0.1", "1.1", "abc", "", "NaN", "Infinity", "0x1", "0,5", "1e400"])(
    "a threshold of %j is a 400 that says what is wanted",
    async (threshold) => {
      const { status, type, body } = await tomorrow(`?threshold=${threshold}`);
      expect({ status, type }).toEqual({
        status: 400,
        type: expect.stringContaining("application/problem+json") as string,
      });
      expect(body).toMatchObject({ wanted: "a number from 0 to 1" });
    },
  );
});

describe("features", () => {
  const prices = samplePrices({ days: 60 });

  test("are those of the formulas, by hand", () => {
    const made = [100, 102, 101, 104, 104, 103].map((close, day) => ({ date: `2024-01-0${day + 1}`, close }));
    const rows = toRows(made);
    expect(rows.map(({ date, direction }) => [date, direction])).toEqual([["2024-01-05", "DOWN"]]);
    const deviation = Math.sqrt(
      [101 / 102 - 1, 104 / 101 - 1, 0]
        .map((value, _, all) => (value - (all[0]! + all[1]! + all[2]!) / 3) ** 2 / 2)
        .reduce((a, b) => a + b),
    );
    expect(rows[0]).toMatchObject({ return: 0, ma_3: 103, ma_5: 102.2 });
    expect(rows[0]!.volatility_3).toBeCloseTo(deviation, 12);
  });

  test("of a day are the same whatever comes after it, and those of the last day are served", () => {
    const whole = toRows(prices);
    for (let days = 10; days < prices.length; days++) {
      const before = prices.slice(0, days);
      expect(toRows(before)).toEqual(whole.slice(0, days - 5));
      const { date: _date, direction: _direction, ...features } = whole[days - 5]!;
      expect(latestFeatures(before)).toEqual(features);
    }
  });

  test("a day under way is no close yet, and a day without a price none at all", () => {
    const quote = (date: string, close: number | null) => ({ date: new Date(`${date}T14:30:00Z`), close });
    const quotes = [quote("2024-01-02", 1), quote("2024-01-03", null), quote("2024-01-04", 3)];
    const dates = (now: string) => finalPrices(quotes, new Date(now)).map(({ date }) => date);
    expect(dates("2024-01-04T18:00:00Z")).toEqual(["2024-01-02"]);
    expect(dates("2024-01-04T22:00:00Z")).toEqual(["2024-01-02", "2024-01-04"]);
    expect(dates("2024-01-05T01:00:00Z")).toEqual(["2024-01-02", "2024-01-04"]);
  });
});

test("without Yahoo's library, or without Yahoo, the error says --sample", async () => {
  const { status, stdout } = await example.run("train", "--json");
  expect(status).toBe(3);
  expect(stdout).toContain("SLIPWAY_DATA_ROWS_NOT_LOADED");
  expect(stdout).toContain("With --sample, generated prices are taken instead.");
});

test("a run that is not better by 0.01 changes nothing; one that is moves the alias, and no request fails meanwhile", async () => {
  const servedDigest = () => askServedDigest(first.url);
  const before = await servedDigest();
  const asking = new AbortController();
  const predictions = `${first.url}/predictionForTomorrow`;
  const outcome = askAllTheTime(predictions, { callers: 4, signal: asking.signal });
  const edit = (momentum: number) => {
    const path = join(example.folder, "sample.ts");
    writeFileSync(path, readFileSync(path, "utf8").replace(/momentum = [\d.]+/, `momentum = ${momentum}`));
    return example.run("train", "--sample", "--json");
  };
  // Nearly the same prices.
  expect(await edit(0.1501)).toMatchObject({ status: 0 });
  await sleep(2500);
  expect(await servedDigest()).toBe(before);
  // Prices that say more.
  const better = await edit(0.6);
  const { digest } = JSON.parse(better.stdout) as { digest: string };
  expect(digest).not.toBe(before);
  await expect.poll(servedDigest).toBe(digest);
  await sleep(300);
  asking.abort();
  const { answers, failed } = await outcome;
  expect(failed).toEqual([]);
  expect(new Set(answers.keys())).toEqual(new Set([before, digest]));
  // The same process all the time.
  const { stdout } = await example.run("status", "--json");
  expect(stdout).toContain(first.url);
});
