import type { ModelAnswer } from "../../src/console/api.ts";
import {
  formatBytes,
  formatCount,
  formatDigest,
  formatDuration,
  formatMetric,
  formatName,
  formatValue,
} from "../model/format.ts";
import { Curves } from "../page/curves.tsx";
import { Pairs } from "../page/pairs.tsx";
import { Confusion } from "./confusion.tsx";
import { Digest, Fact, Time } from "./facts.tsx";
import { FaultNotice } from "./fault.tsx";
import { Moves } from "./moves.tsx";
import { data, model } from "./store.ts";

/** One version: what was measured, where it comes from, and which aliases it had. */
export function ModelPage() {
  const { value, fault, asking } = model.value;
  return (
    <>
      <p class="back">
        <a href="#/models">← All models</a>
      </p>
      <FaultNotice fault={fault} />
      {value === undefined && asking && <p class="blank">Reading the model …</p>}
      {value !== undefined && <Version model={value} />}
    </>
  );
}

function Version({ model: value }: { model: ModelAnswer }) {
  const { digest, aliases, lineage, moves } = value;
  const { history, metrics } = lineage;
  return (
    <>
      <div class="two">
        <section aria-labelledby="model-title">
          <h2 id="model-title" class="plate-title">
            Model <code>{formatDigest(digest)}</code>{" "}
            {aliases.map((alias) => (
              <span key={alias} class="alias">
                {alias}
              </span>
            ))}
          </h2>
          <dl class="metrics">
            {Object.entries(metrics).map(([name, figure]) => (
              <div key={name}>
                <dt>{formatName(name)}</dt>
                <dd>{figure === null ? "–" : formatMetric(name, figure)}</dd>
              </div>
            ))}
          </dl>
          {history.length > 0 && <Curves history={history} />}
        </section>
        <section aria-labelledby="lineage-title">
          <h2 id="lineage-title" class="plate-title">
            Where it comes from
          </h2>
          <Lineage model={value} />
        </section>
      </div>
      <Confusion digest={digest} />
      <Parameters model={value} />
      {moves.length > 0 && (
        <section aria-labelledby="moves-title">
          <h2 id="moves-title" class="plate-title">
            Its aliases
          </h2>
          <Moves moves={moves} />
        </section>
      )}
    </>
  );
}

function Lineage({ model: { digest, model: file, createdAt, lineage } }: { model: ModelAnswer }) {
  const { dataset, code, inputs, trainer, seed, durationSeconds } = lineage;
  const now = data.value.value?.digest;
  return (
    <dl class="facts">
      <Fact name="Artifact">
        <Digest of="artifact" digest={digest} />
      </Fact>
      <Fact name="Data">
        <Digest of="data" digest={dataset.digest} />
        <span class="small">
          {formatCount(dataset.count)} rows, {formatCount(Object.keys(dataset.labels).length)} labels
          {dataset.sample === true && ", a generated sample"}
          {now !== undefined && (now === dataset.digest ? ", the present ones" : ", not the present ones")}
        </span>
      </Fact>
      <Fact name="Code">
        <Digest of="code" digest={code} />
      </Fact>
      <Fact name="Inputs">
        <Digest of="inputs" digest={inputs} />
        <span class="small">data, trainer and settings as one</span>
      </Fact>
      <Fact name="Trained">
        <Time at={createdAt} />
        <span class="small">
          in {formatDuration(durationSeconds * 1000)}, {trainer}, seed {seed}
        </span>
      </Fact>
      <Fact name="File">
        <Digest of="model" digest={file.digest} />
        <span class="small">{formatBytes(file.size)} ONNX</span>
      </Fact>
    </dl>
  );
}

/** What is only sometimes asked for. */
function Parameters({ model: { lineage, tensors } }: { model: ModelAnswer }) {
  const { parameters, dataset, versions } = lineage;
  return (
    <section class="more" aria-label="Settings">
      <Pairs title="Parameters" rows={Object.entries(parameters).map(([name, value]) => [name, formatValue(value)])} />
      <Pairs
        title="Labels"
        rows={Object.entries(dataset.labels).map(([label, count]) => [label, formatCount(count)])}
      />
      <Pairs
        title="Tensors"
        rows={tensors.map(({ name, datatype, shape, gives }) => [
          `${gives ? "gives" : "takes"} ${name}`,
          `${datatype} [${shape.map((axis) => (axis === -1 ? "any" : axis)).join(" × ")}]`,
        ])}
      />
      <Pairs title="Versions" rows={Object.entries(versions)} />
    </section>
  );
}
