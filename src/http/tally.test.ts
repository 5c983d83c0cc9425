import * as fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";
import { createTallies } from "./tally.ts";

const buckets = [0.1, 1, 10];

test("a tally is scraped as prom-client's own histogram is, to the letter", async () => {
  const observation = fc.record({
    model: fc.constantFrom("digits", 'a "b"'),
    value: fc.oneof(fc.constantFrom(...buckets, 0, 11), fc.double({ min: 0, max: 20, noNaN: true })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(observation, { maxLength: 30 }), async (observations) => {
      const ours = new Registry();
      const theirs = new Registry();
      const tallies = createTallies({ name: "t_seconds", help: "Time.", buckets, registry: ours });
      const options = { name: "t_seconds", help: "Time.", labelNames: ["model"], buckets, registers: [theirs] };
      const histogram = new Histogram(options);
      for (const { model, value } of observations) {
        tallies({ model }).observe(value);
        histogram.observe({ model }, value);
      }
      expect(await ours.metrics()).toBe(await theirs.metrics());
    }),
    { numRuns: 60 },
  );
});

test("requests are counted once, however often they are scraped, and the same labels are one series", async () => {
  const metrics = createMetrics();
  const labels = { model: "digits", version: "0123", protocol: "routes" };
  metrics.requests(labels).count(200, 0.002);
  await metrics.write();
  metrics.requests({ ...labels }).count(200, 0.002);
  metrics.requests(labels).count(422, 0.002);
  metrics.inFlight(1);
  const text = await metrics.write();
  expect(await metrics.write()).toContain('protocol="routes",code="200"} 2\n');
  for (const line of [
    'slipway_requests_total{model="digits",version="0123",protocol="routes",code="200"} 2\n',
    'slipway_requests_total{model="digits",version="0123",protocol="routes",code="422"} 1\n',
    'slipway_request_duration_seconds_count{model="digits",version="0123",protocol="routes"} 3\n',
    "slipway_in_flight_requests 1\n",
  ])
    expect(text).toContain(line);
});
