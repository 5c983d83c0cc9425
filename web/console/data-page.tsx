import { formatCount } from "../model/format.ts";
import { Audit } from "./audit.tsx";
import { Digest, Fact, Time } from "./facts.tsx";
import { FaultNotice } from "./fault.tsx";
import { Labels } from "./labels.tsx";
import { Lock } from "./lock.tsx";
import { askData, data, project } from "./store.ts";

export function DataPage() {
  if (project.value.value?.trains === false)
    return (
      <p class="blank">
        This project trains nothing on data of its own: its routes are all there is. So there is no data to look at.
      </p>
    );
  const { value, asking, fault } = data.value;
  return (
    <>
      <FaultNotice fault={fault} />
      {value === undefined && asking && <p class="blank">Reading the data …</p>}
      {value !== undefined && (
        <div class="two">
          <section aria-labelledby="data-title">
            <div class="plate-head">
              <h2 id="data-title" class="plate-title">
                Dataset
              </h2>
              <button type="button" class="small-button" disabled={asking} onClick={() => void askData()}>
                {asking ? "Reading …" : "Read again"}
              </button>
            </div>
            <Lock lock={value.lock} unit={value.unit} />
            <dl class="facts">
              <Fact name="Content">
                {formatCount(value.count)} {value.unit}
                {value.count === 1 ? "" : "s"}, {formatCount(value.labels.length)} labels
              </Fact>
              <Fact name="Digest">
                <Digest of="data" digest={value.digest} />
              </Fact>
              {value.lock.lockedAt !== undefined && (
                <Fact name="Locked">
                  <Time at={value.lock.lockedAt} />
                </Fact>
              )}
              <Fact name="Folder">
                <code class="path">{value.folder}</code>
              </Fact>
            </dl>
            {value.warnings.length > 0 && (
              <details class="more">
                <summary>
                  {value.warnings.length} {value.warnings.length === 1 ? "remark" : "remarks"}
                </summary>
                <ul class="lines">
                  {value.warnings.map((warning) => (
                    <li key={warning}>{warning}</li>
                  ))}
                </ul>
              </details>
            )}
          </section>
          <Labels labels={value.labels} />
        </div>
      )}
      {value !== undefined && <Audit unauditable={value.unauditable} />}
    </>
  );
}
