import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

export interface RequestLabels {
  model: string;
  /** The artifact's digest, shortened. */
  version: string;
  protocol: string;
}

export interface Metrics {
  /** One answered (or left) request. */
  countRequest(labels: RequestLabels, code: number, seconds: number): void;
  inFlight(change: 1 | -1): void;
  countShed(model: string): void;
  observeBatch(model: string, rows: number): void;
  observeQueue(model: string, seconds: number): void;
  observeLoad(model: string, seconds: number): void;
  /** Says which model is served now; the one before it goes. */
  setModel(model: { name: string; digest: string; datasetDigest: string }): void;
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
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: "slipway_requests_total",
    help: "Requests answered, by HTTP status (499: the caller left first).",
    labelNames: ["model", "version", "protocol", "code"],
    registers,
  });
  const duration = new Histogram({
    name: "slipway_request_duration_seconds",
    help: "From the request's headers to its answer.",
    labelNames: ["model", "version", "protocol"],
    buckets: secondsBuckets,
    registers,
  });
  const flight = new Gauge({ name: "slipway_in_flight_requests", help: "Requests being answered now.", registers });
  const batch = new Histogram({
    name: "slipway_batch_size",
    help: "Rows run at once.",
    labelNames: ["model"],
    buckets: [1, 2, 4, 8, 12, 16, 24, 32, 64, 128],
    registers,
  });
  const queue = new Histogram({
    name: "slipway_queue_duration_seconds",
    help: "Time a row waited for its batch.",
    labelNames: ["model"],
    buckets: [0.0001, ...secondsBuckets],
    registers,
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
  const shed = new Counter({
    name: "slipway_shed_total",
    help: "Requests refused because the queue was full.",
    labelNames: ["model"],
    registers,
  });
  return {
    countRequest({ model, version, protocol }, code, seconds) {
      requests.inc({ model, version, protocol, code }, 1);
      duration.observe({ model, version, protocol }, seconds);
    },
    inFlight: (change) => flight.inc(change),
    countShed: (model) => shed.inc({ model }, 1),
    observeBatch: (model, rows) => batch.observe({ model }, rows),
    observeQueue: (model, seconds) => queue.observe({ model }, seconds),
    observeLoad: (model, seconds) => load.observe({ model }, seconds),
    setModel({ name, digest, datasetDigest }) {
      info.reset();
      info.set({ model: name, digest, dataset_digest: datasetDigest }, 1);
    },
    write: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
