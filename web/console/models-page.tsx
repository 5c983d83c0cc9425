import type { ModelsAnswer } from "../../src/console/api.ts";
import { formatBytes, formatCount, formatDigest, formatMetric, formatName } from "../model/format.ts";
import { Fact, Time } from "./facts.tsx";
import { FaultNotice } from "./fault.tsx";
import { Moves } from "./moves.tsx";
import { askMoreModels, models, project } from "./store.ts";
import { Words } from "./words.tsx";

/** Metrics that fit into a row: as many as `slipway models list` shows. */
const mostMetrics = 3;

export function ModelsPage() {
  const { value, fault, asking } = models.value;
  if (project.value.value?.trains === false)
    return <p class="blank">This project trains no model: its routes are all there is.</p>;
  return (
    <>
      <FaultNotice fault={fault} />
      {value === undefined && asking && <p class="blank">Reading the store …</p>}
      {value !== undefined && (
        <>
          <Served served={value.served} />
          <Versions models={value} />
          {value.moves.length > 0 && (
            <section aria-labelledby="moves-title">
              <h2 id="moves-title" class="plate-title">
                History of the aliases
              </h2>
              <Moves moves={value.moves} />
            </section>
          )}
        </>
      )}
    </>
  );
}

const states = {
  running: "Serving",
  updating: "Changing over",
  failing: "Not answering",
  stopped: "Nothing is served here",
} as const;

/** What answers on this machine. */
function Served({ served }: Pick<ModelsAnswer, "served">) {
  const { state, model, urls, startedAt, findings } = served;
  return (
    <section aria-labelledby="served-title">
      <h2 id="served-title" class="plate-title">
        Served on local
      </h2>
      <p class="lamp" data-state={state === "running" ? "here" : state === "stopped" ? "connecting" : "away"}>
        <span class="lamp-glass" aria-hidden="true" />
        {states[state]}
        {state === "stopped" && (
          <span class="small">
            <code>slipway up</code> starts it
          </span>
        )}
      </p>
      {state !== "stopped" && (
        <dl class="facts">
          {model !== undefined && (
            <Fact name="Model">
              <a href={`#/models/${model}`}>
                <code>{formatDigest(model)}</code>
              </a>
            </Fact>
          )}
          {urls.map((url) => (
            <Fact key={url} name="Address">
              <a href={url} target="_blank" rel="noreferrer">
                {url}
              </a>
            </Fact>
          ))}
          {startedAt !== undefined && (
            <Fact name="Since">
              <Time at={startedAt} />
            </Fact>
          )}
        </dl>
      )}
      {findings.map(({ cause, mend }) => (
        <p key={cause} class="state" data-state="differs">
          <Words text={`${cause}. ${mend}`} />
        </p>
      ))}
    </section>
  );
}

function Versions({ models: { models: list, total, served } }: { models: ModelsAnswer }) {
  return (
    <section aria-labelledby="versions-title">
      <h2 id="versions-title" class="plate-title">
        Versions
      </h2>
      {total === 0 ? (
        <p class="blank">
          No models yet: <code>slipway up</code> or <code>slipway train</code> makes one.
        </p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label="Table of versions">
          <table class="rows">
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col">Aliases</th>
                <th scope="col">Metrics</th>
                <th scope="col">Data</th>
                <th scope="col">Trainer</th>
                <th scope="col">Trained</th>
                <th scope="col" class="number">
                  Size
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map(({ digest, aliases, metrics, dataset, trainer, createdAt, size }) => (
                <tr key={digest}>
                  <th scope="row">
                    <a href={`#/models/${digest}`}>
                      <code>{formatDigest(digest)}</code>
                    </a>
                  </th>
                  <td>
                    {aliases.map((alias) => (
                      <span key={alias} class="alias">
                        {alias}
                      </span>
                    ))}
                    {served.model === digest && <span class="alias alias-served">served</span>}
                  </td>
                  <td>
                    {Object.entries(metrics)
                      .slice(0, mostMetrics)
                      .map(([name, value]) => (
                        <span key={name} class="metric">
                          {formatName(name)} <b>{value === null ? "–" : formatMetric(name, value)}</b>
                        </span>
                      ))}
                  </td>
                  <td>
                    <code title={dataset}>{formatDigest(dataset)}</code>
                  </td>
                  <td>{trainer}</td>
                  <td>
                    <Time at={createdAt} />
                  </td>
                  <td class="number">{formatBytes(size)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list.length < total && (
        <button type="button" class="more-button" onClick={() => void askMoreModels()}>
          Show more of {formatCount(total - list.length)} older ones
        </button>
      )}
    </section>
  );
}
