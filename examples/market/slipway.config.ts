import { defineProject, type ModelHandle, refuse, route } from "slipway";
import { rows } from "slipway/data";
import { experiments, forest } from "slipway/train";
import { columns, latestFeatures, toRows } from "./features.ts";
import { keepPrices, loadPrices } from "./prices.ts";

const predictionForTomorrow = route({
  summary: "Whether tomorrow's close will be above today's",
  query: { threshold: "UP from this probability on, 0 to 1; 0.5 without it" },
  example: { prediction: "DOWN", confidence: 0.345, threshold: 0.5, model_source: "store", model_alias: "champion" },
  async handle({ query, model }) {
    const threshold = readThreshold(query.get("threshold"));
    const confidence = await predictTomorrow(model);
    return {
      prediction: confidence >= threshold ? "UP" : "DOWN",
      confidence,
      threshold,
      model_source: model.source,
      model_alias: model.alias ?? null,
      // Told only where it is so: these prices are no one's.
      ...(model.sample && { sample: true }),
    };
  },
});

function readThreshold(text: string | null): number {
  if (text === null) return 0.5;
  const value = /^(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  throw refuse(`threshold is ${JSON.stringify(text)}`, { wanted: "a number from 0 to 1" });
}

let last: { model: string; prices: object; confidence: Promise<number> } | undefined;

/** Probability of UP. The same model says the same of the same prices: it is asked once. */
async function predictTomorrow(model: ModelHandle): Promise<number> {
  // A model of generated prices is asked about generated prices.
  const prices = await keepPrices(model.sample).catch((error: Error) => {
    throw refuse(error.message, { status: 503 });
  });
  if (last?.model !== model.digest || last.prices !== prices) {
    const features = latestFeatures(prices);
    if (features === undefined) throw refuse("there are not enough prices yet", { status: 503 });
    const confidence = model.predict(features).then(({ probabilities }) => probabilities["UP"] ?? 0);
    last = { model: model.digest, prices, confidence };
    confidence.catch(() => (last = undefined));
  }
  return last.confidence;
}

export default defineProject({
  name: "market",
  data: rows("prices", async (context) => toRows(await loadPrices(context)), {
    columns,
    target: "direction",
    time: "date",
    horizon: 1,
    growing: true,
    maxAge: 300,
  }),
  train: experiments([
    forest({ trees: 50, depth: 3 }),
    forest({ trees: 100, depth: 5 }),
    forest({ trees: 200, depth: 8 }),
  ]),
  gate: { accuracy: { betterThanChampionBy: 0.01 } },
  serve: {
    port: 8000,
    routes: { "GET /predictionForTomorrow": predictionForTomorrow },
  },
  deploy: {
    expose: { service: "nodePort", nodePort: 30951 },
    resources: { cpu: "100m", memory: "200Mi" },
    // Yahoo has no address that a rule could name.
    network: { to: "everywhere" },
    // On a volume: clusters without a registry follow the alias too.
    model: { delivery: "volume", every: 5 },
    train: {
      data: "fetch",
      schedule: "*/5 * * * *",
      volume: { size: "1Gi" },
      resources: { cpu: "250m", memory: "512Mi" },
    },
  },
});
