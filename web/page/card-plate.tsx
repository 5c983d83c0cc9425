import type { ComponentChildren } from "preact";
import type { Card } from "../model/card.ts";
import {
  formatBytes,
  formatCount,
  formatDigest,
  formatDuration,
  formatMetric,
  formatName,
  formatTime,
  formatValue,
} from "../model/format.ts";
import { Copy } from "./copy.tsx";
import { Curves } from "./curves.tsx";
import { Pairs } from "./pairs.tsx";
import { card } from "./store.ts";

/** Where the model comes from: what was measured, on what data, when, and the digests that prove it. */
export function CardPlate() {
  if (card.value === undefined) return <p class="small">The card is on its way.</p>;
  const { lineage, digest, model } = card.value;
  return (
    <>
      <Metrics metrics={lineage.metrics} />
      {lineage.history.length > 0 && <Curves history={lineage.history} />}
      <dl class="facts">
        <Fact name="Artifact">
          <Digest of="artifact" digest={digest} />
        </Fact>
        <Fact name="Data">
          <Digest of="data" digest={lineage.dataset.digest} />
          <span class="small">
            {formatCount(lineage.dataset.count)} rows, {formatCount(Object.keys(lineage.dataset.labels).length)} labels
          </span>
        </Fact>
        <Fact name="Trained">
          <time dateTime={lineage.startedAt}>{formatTime(lineage.startedAt)}</time>
          <span class="small">
            in {formatDuration(lineage.durationSeconds * 1000)}, {lineage.trainer}, seed {lineage.seed}
          </span>
        </Fact>
        <Fact name="Model">
          <Digest of="model" digest={model.digest} />
          <span class="small">{formatBytes(model.size)} ONNX</span>
        </Fact>
        <Fact name="Code">
          <Digest of="code" digest={lineage.code} />
        </Fact>
      </dl>
      <More card={card.value} />
    </>
  );
}

function Metrics({ metrics }: { metrics: Readonly<Record<string, number>> }) {
  const entries = Object.entries(metrics);
  if (entries.length === 0) return null;
  return (
    <dl class="metrics">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{formatName(name)}</dt>
          <dd>{formatMetric(name, value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Digest({ of, digest }: { of: string; digest: string }) {
  return (
    <span class="digest" data-digest={of}>
      <code title={digest}>{formatDigest(digest)}</code>
      <Copy text={digest} what={`the ${of} digest`} />
    </span>
  );
}

/** What is only sometimes asked for. */
function More({ card: { lineage, signature } }: { card: Card }) {
  const tensors = [...signature.inputs, ...signature.outputs].map(
    ({ name, datatype, shape }) =>
      [name, `${datatype} [${shape.map((axis) => (axis === -1 ? "any" : axis)).join(" × ")}]`] as const,
  );
  return (
    <div class="more">
      <Pairs
        title="Labels"
        head={["Label", "Rows"]}
        rows={Object.entries(lineage.dataset.labels).map(([label, count]) => [label, formatCount(count)])}
      />
      <Pairs
        title="Parameters"
        head={["Parameter", "Value"]}
        rows={Object.entries(lineage.parameters).map(([name, value]) => [name, formatValue(value)])}
      />
      <Pairs title="Tensors" head={["Tensor", "Type"]} rows={tensors} />
      <Pairs title="Versions" head={["Part", "Version"]} rows={Object.entries(lineage.versions)} />
    </div>
  );
}
