import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { createTallies, type Tally } from "./tally.ts";

export interface RequestLabels {
  model: string;
  /** The artifact's digest, shortened. */
  version: string;
  protocol: string;
}

/** The requests of one model version by one protocol. */
export interface RequestSeries {
  /** One answered (or left) request. */
  count(code: number, seconds: number): void;
}

/** The batches of one model. */
export interface BatchSeries {
  observe(rows: number, queueSeconds: number): void;
}

export interface Metrics {
  /** Keep what it gives, one per model version and protocol: counting by it costs next to nothing. */
  requests(labels: RequestLabels): RequestSeries;
  batches(model: string): BatchSeries;
  inFlight(change: 1 | -1): void;
  countShed(model: string): void;
  /** A reward that a caller gave for a prediction. */
  countFeedback(labels: { model: string; version: string }, reward: number): void;
  observeLoad(model: string, seconds: number): void;
  /** Says which model is served now, and whence it came; the one before it goes. */
  setModel(model: { name: string; digest: string; datasetDigest: string; origin: string }): void;
  /** One look at a followed alias, and whether its state is an alarm. All states together give the series, so that none is missing. */
  countLook(alias: string, state: string, alarms: readonly string[]): void;
  /** Prometheus text format 0.0.4. */
  write(): Promise<string>;
  readonly contentType: string;
}

/** Request times on a laptop start below a millisecond; the usual buckets would put them all into one. */
const secondsBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** The server's figures, in seconds and with the same label for the same thing everywhere. Each server has its own registry. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counted = new Map<string, Counted>();
  collectDefaultMetrics({ register: registry });
  // Told at each scrape.
  void new Counter({
    name: "slipway_requests_total",
    help: "Requests answered, by HTTP status (499: the caller left first).",
    labelNames: ["model", "version", "protocol", "code"],
    registers,
    collect() {
      for (const { labels, byCode } of counted.values()) handOver(this, labels, byCode);
    },
  });
  const duration = createTallies({
    name: "slipway_request_duration_seconds",
    help: "From the request's headers to its answer.",
    buckets: secondsBuckets,
    registry,
  });
  let inFlight = 0;
  registry.registerMetric(
    new Gauge({
      name: "slipway_in_flight_requests",
      help: "Requests being answered now.",
      registers: [],
      collect() {
        this.set(inFlight);
      },
    }),
  );
  const batch = createTallies({
    name: "slipway_batch_size",
    help: "Rows run at once.",
    buckets: [1, 2, 4, 8, 12, 16, 24, 32, 64, 128],
    registry,
  });
  const queue = createTallies({
    name: "slipway_queue_duration_seconds",
    help: "Time a row waited for its batch.",
    buckets: [0.0001, ...secondsBuckets],
    registry,
  });
  const load = new Histogram({
    name: "slipway_model_load_duration_seconds",
    help: "Time to read, load and warm a model.",
    labelNames: ["model"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const info = new Gauge({
    name: "slipway_model_info",
    help: "The model served now: 1.",
    labelNames: ["model", "digest", "dataset_digest"],
    registers,
  });
  const origin = new Gauge({
    name: "slipway_model_origin",
    help: "Whence the model served now was read: 1. `cache`: a copy, because its registry could not give it.",
    labelNames: ["model", "origin"],
    registers,
  });
  const looks = new Counter({
    name: "slipway_follow_looks_total",
    help: "Looks at the followed alias, by what was found.",
    labelNames: ["alias", "state"],
    registers,
  });
  const alarm = new Gauge({
    name: "slipway_follow_alarm",
    help: "1 while the followed alias cannot be followed, by reason; the model before it serves on.",
    labelNames: ["alias", "reason"],
    registers,
  });
  const shed = new Counter({
    name: "slipway_shed_total",
    help: "Requests refused because the queue was full.",
    labelNames: ["model"],
    registers,
  });
  const feedback = new Counter({
    name: "slipway_feedback_total",
    help: "Predictions that callers gave a reward for.",
    labelNames: ["model", "version"],
    registers,
  });
  // Rewards may be negative, so their sum is no counter.
  const rewards = new Gauge({
    name: "slipway_feedback_reward",
    help: "Sum of the rewards that callers gave.",
    labelNames: ["model", "version"],
    registers,
  });
  return {
    requests(labels) {
      const key = JSON.stringify(labels);
      let series = counted.get(key);
      if (series === undefined) counted.set(key, (series = createCounted(labels, duration({ ...labels }))));
      return series;
    },
    batches(model) {
      const sizes = batch({ model });
      const waits = queue({ model });
      return {
        observe(rows, queueSeconds) {
          sizes.observe(rows);
          waits.observe(queueSeconds);
        },
      };
    },
    inFlight(change) {
      inFlight += change;
    },
    countShed: (model) => shed.inc({ model }, 1),
    countFeedback({ model, version }, reward) {
      feedback.inc({ model, version }, 1);
      rewards.inc({ model, version }, Number.isFinite(reward) ? reward : 0);
    },
    observeLoad: (model, seconds) => load.observe({ model }, seconds),
    setModel({ name, digest, datasetDigest, origin: from }) {
      info.reset();
      info.set({ model: name, digest, dataset_digest: datasetDigest }, 1);
      origin.reset();
      origin.set({ model: name, origin: from }, 1);
    },
    countLook(alias, state, alarms) {
      looks.inc({ alias, state });
      for (const reason of alarms) alarm.set({ alias, reason }, reason === state ? 1 : 0);
    },
    write: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

interface Counted extends RequestSeries {
  labels: RequestLabels;
  /** Requests by status that the counter was not told of yet. */
  byCode: Map<number, number>;
}

function createCounted(labels: RequestLabels, duration: Tally): Counted {
  const byCode = new Map<number, number>();
  return {
    labels,
    byCode,
    count(code, seconds) {
      byCode.set(code, (byCode.get(code) ?? 0) + 1);
      duration.observe(seconds);
    },
  };
}

/** Counters look labels up at each `inc`: they are told once a scrape, not once a request. */
function handOver(counter: Counter, labels: RequestLabels, byCode: Map<number, number>): void {
  for (const [code, count] of byCode) counter.inc({ ...labels, code }, count);
  byCode.clear();
}
