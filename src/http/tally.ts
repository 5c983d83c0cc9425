import type { Histogram, MetricObjectWithValues, MetricValueWithName, Registry } from "prom-client";

/** A histogram with one label set: adding to it costs nanoseconds, since nothing is looked up. */
export interface Tally {
  observe(value: number): void;
}

export interface TallyOptions {
  name: string;
  help: string;
  /** Upper bounds, ascending, without the infinite one. */
  buckets: readonly number[];
  registry: Registry;
}

interface Series extends Tally {
  labels: Readonly<Record<string, string>>;
  counts: Float64Array;
  sum: number;
}

/**
 * A histogram for what happens with every request: prom-client's own looks its labels up at each observation, which costs
 * microseconds. What is scraped is the same. Gives the tally of a label set, the same one for the same labels.
 */
export function createTallies(options: TallyOptions): (labels: Readonly<Record<string, string>>) => Tally {
  const { name, help, buckets, registry } = options;
  const all = new Map<string, Series>();
  const metric = {
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    get: () => Promise.resolve({ name, help, type: "histogram", aggregator: "sum", values: listValues() }),
  };
  // The registry asks a metric for nothing but its name and `get`; its types know only the four of prom-client.
  registry.registerMetric(metric as unknown as Histogram);
  return (labels) => {
    const key = JSON.stringify(labels);
    let series = all.get(key);
    if (series === undefined) all.set(key, (series = createSeries(labels, buckets)));
    return series;
  };

  function listValues(): MetricObjectWithValues<MetricValueWithName<string>>["values"] {
    return [...all.values()].flatMap(({ labels, counts, sum }) => {
      let below = 0;
      const value = (suffix: string, own: Record<string, string | number>, number: number) => ({
        metricName: `${name}_${suffix}`,
        labels: { ...own, ...labels },
        value: number,
      });
      const bounded = buckets.map((le, index) => value("bucket", { le }, (below += counts[index]!)));
      const count = below + counts[buckets.length]!;
      // Nothing was observed yet: prom-client shows no series then either.
      if (count === 0) return [];
      return [...bounded, value("bucket", { le: "+Inf" }, count), value("sum", {}, sum), value("count", {}, count)];
    });
  }
}

function createSeries(labels: Readonly<Record<string, string>>, buckets: readonly number[]): Series {
  const counts = new Float64Array(buckets.length + 1);
  const series: Series = {
    labels,
    counts,
    sum: 0,
    observe(value) {
      let index = 0;
      while (index < buckets.length && value > buckets[index]!) index++;
      counts[index]!++;
      series.sum += value;
    },
  };
  return series;
}
