import { useSignal } from "@preact/signals";
import { plot, seriesOf, type Series } from "../model/curve.ts";
import { formatMetric, formatName } from "../model/format.ts";

const box = { width: 300, height: 72 };
/** Room for the line's own width and the reading mark. */
const margin = 6;

/** The training as two small curves, loss and what is gained; under the pointer or by arrow keys each epoch can be read off. */
export function Curves({ history }: { history: readonly object[] }) {
  const { epochs, series } = seriesOf(history);
  const chosen = useSignal<number | undefined>(undefined);
  const shown = ["loss", "accuracy", "meanAveragePrecision"].flatMap(
    (name) => series.find((one) => one.name === name) ?? [],
  );
  if (shown.length === 0) return null;
  const at = Math.min(chosen.value ?? epochs.length - 1, epochs.length - 1);
  const show = (index: number) => (chosen.value = Math.min(epochs.length - 1, Math.max(0, index)));
  return (
    <div
      class="curves"
      role="slider"
      tabIndex={0}
      aria-label="Training, epoch by epoch"
      aria-valuemin={epochs[0] ?? 1}
      aria-valuemax={epochs.at(-1) ?? 1}
      aria-valuenow={epochs[at] ?? 1}
      aria-valuetext={`Epoch ${epochs[at]}: ${shown.map((one) => read(one, at)).join(", ")}`}
      onKeyDown={(event) => {
        const to = {
          ArrowLeft: at - 1,
          ArrowDown: at - 1,
          ArrowRight: at + 1,
          ArrowUp: at + 1,
          Home: 0,
          End: epochs.length - 1,
        }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        show(to);
      }}
      onPointerMove={({ clientX, currentTarget }) => {
        const { left, width } = currentTarget.getBoundingClientRect();
        show(Math.round(((clientX - left) / width) * (epochs.length - 1)));
      }}
      onPointerLeave={() => (chosen.value = undefined)}
      onBlur={() => (chosen.value = undefined)}
    >
      {shown.map((one) => (
        <Curve key={one.name} epochs={epochs} series={one} at={at} />
      ))}
    </div>
  );
}

function Curve({ epochs, series, at }: { epochs: readonly number[]; series: Series; at: number }) {
  const { points } = plot(epochs, series.values, box);
  const mark = points.find(({ epoch }) => epoch === epochs[at]);
  return (
    <div class="curve" data-series={series.name}>
      <p class="curve-name">
        <span class="overline">{formatName(series.name)}</span>
        <span class="curve-value">{formatValue(series, at)}</span>
      </p>
      <svg
        viewBox={`${-margin} ${-margin} ${box.width + 2 * margin} ${box.height + 2 * margin}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <path class="curve-base" d={`M0 ${box.height}H${box.width}`} />
        {mark !== undefined && <path class="curve-hair" d={`M${mark.x} 0V${box.height}`} />}
        <path
          class="curve-line"
          d={points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("")}
        />
        {/* A dot as a line of no length: it stays round however the box is stretched. */}
        {mark !== undefined && <path class="curve-dot" d={`M${mark.x} ${mark.y}h0`} />}
      </svg>
      <p class="curve-foot">
        <span>{epochs[0]}</span>
        <span>epoch {epochs[at]}</span>
        <span>{epochs.at(-1)}</span>
      </p>
    </div>
  );
}

function read(series: Series, at: number): string {
  return `${formatName(series.name)} ${formatValue(series, at)}`;
}

function formatValue(series: Series, at: number): string {
  const value = series.values[at];
  return value === undefined || !Number.isFinite(value) ? "–" : formatMetric(series.name, value);
}
