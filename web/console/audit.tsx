import { useSignal } from "@preact/signals";
import type { AuditAnswer, Problem } from "../../src/console/api.ts";
import { formatCount, formatDigest } from "../model/format.ts";
import { Time } from "./facts.tsx";
import { FaultNotice } from "./fault.tsx";
import { audit, auditIsCurrent, running, startAudit, stopAudit } from "./store.ts";
import { Suspects } from "./suspects.tsx";
import { Words } from "./words.tsx";

/** The audit of the labels: what the last one suspects, with pictures, and a new one. */
export function Audit({ unauditable }: { unauditable: Problem | undefined }) {
  const { value, fault } = audit.value;
  const job = value?.job;
  return (
    <section class="audit" aria-labelledby="audit-title">
      <h2 id="audit-title" class="plate-title">
        Label audit
      </h2>
      {unauditable !== undefined ? (
        <p class="blank">
          <Words text={`${capitalize(unauditable.message)}. ${unauditable.mend}`} />
        </p>
      ) : (
        <>
          <FaultNotice fault={fault ?? (job?.state === "failed" ? { kind: "problem", ...job.problem } : undefined)} />
          {running.value === undefined ? <Order again={value?.last !== undefined} /> : <Progress />}
          {job?.state === "stopped" && <p class="small">It was stopped; what is below is of the audit before.</p>}
          {value?.last !== undefined && <Findings last={value.last} />}
        </>
      )}
    </section>
  );
}

function Order({ again }: { again: boolean }) {
  const folds = useSignal("");
  const epochs = useSignal("");
  const sending = useSignal(false);
  const number = (text: string) => (text === "" ? undefined : Number(text));
  return (
    <form
      class="order"
      onSubmit={(event) => {
        event.preventDefault();
        const chosen = { folds: number(folds.value), epochs: number(epochs.value) };
        sending.value = true;
        void startAudit({
          ...(chosen.folds !== undefined && { folds: chosen.folds }),
          ...(chosen.epochs !== undefined && { epochs: chosen.epochs }),
        }).finally(() => (sending.value = false));
      }}
    >
      <button type="submit" class="main-button" disabled={sending.value}>
        {again ? "Audit again" : "Audit the labels"}
      </button>
      <details>
        <summary>Settings</summary>
        <div class="order-fields">
          <label>
            Folds
            <input
              type="number"
              min={2}
              max={20}
              placeholder="2"
              value={folds.value}
              onInput={({ currentTarget }) => (folds.value = currentTarget.value)}
            />
          </label>
          <label>
            Epochs
            <input
              type="number"
              min={1}
              max={1000}
              placeholder="4"
              value={epochs.value}
              onInput={({ currentTarget }) => (epochs.value = currentTarget.value)}
            />
          </label>
          <p class="small">
            Models of so many folds, each trained for so many epochs without its share of the images, judge where no
            champion of other data can.
          </p>
        </div>
      </details>
    </form>
  );
}

function Progress() {
  const job = running.value;
  if (job === undefined) return null;
  const { label, done, total, figures, stopping } = job;
  const share = done !== undefined && total !== undefined && total > 0 ? done / total : undefined;
  return (
    <div class="progress">
      <p>
        <b role="status">{stopping ? "Stopping" : label}</b>
        {done !== undefined && total !== undefined && (
          <span class="small">
            {" "}
            {formatCount(done)} of {formatCount(total)}
          </span>
        )}
        {figures !== undefined && (
          <span class="small">
            {Object.entries(figures)
              .map(([name, text]) => ` · ${name} ${text}`)
              .join("")}
          </span>
        )}
      </p>
      <progress aria-label="The audit" max={1} {...(share !== undefined && { value: share })} />
      <button type="button" disabled={stopping} onClick={() => void stopAudit()}>
        Stop
      </button>
    </div>
  );
}

function Findings({ last }: { last: NonNullable<AuditAnswer["last"]> }) {
  const { alarms, groups, judge, champion, comparedWith, at, count, digest, suspicions } = last;
  return (
    <>
      <p class="small">
        {formatCount(count)} images of <code title={digest}>{formatDigest(digest)}</code>, audited <Time at={at} />,
        judged by{" "}
        {judge === "champion" ? (
          <>
            the champion{" "}
            {champion !== undefined && (
              <a href={`#/models/${champion}`}>
                <code>{formatDigest(champion)}</code>
              </a>
            )}
            , which was trained on other data.
          </>
        ) : (
          "models that did not see the image they judge. Without a champion of other data, a complete exchange of two labels goes unseen."
        )}{" "}
        {comparedWith !== undefined && (
          <>
            Labels were compared with the lock of <Time at={comparedWith} />.
          </>
        )}
      </p>
      {!auditIsCurrent.value && (
        <p class="state" data-state="differs">
          The data have changed since: this audit is of others than those above. Files that were moved have no picture
          here any more.
        </p>
      )}
      {alarms.length === 0 ? (
        <p class="state" data-state="same">
          Nothing alarming
          {suspicions > 0 && `; ${formatCount(suspicions)} single ${suspicions === 1 ? "doubt" : "doubts"} below`}.
        </p>
      ) : (
        <Alarms alarms={alarms} />
      )}
      {groups.map((group) => (
        <Suspects key={`${group.kind} ${at}`} group={group} comparedWith={comparedWith} />
      ))}
    </>
  );
}

/** Alarms that are read at a glance; the rest is unfolded. */
const mostAlarms = 6;

function Alarms({ alarms }: { alarms: readonly string[] }) {
  const list = (some: readonly string[]) => (
    <ul>
      {some.map((alarm) => (
        <li key={alarm}>{alarm}</li>
      ))}
    </ul>
  );
  const rest = alarms.slice(mostAlarms);
  return (
    <div class="alarms">
      {list(alarms.slice(0, mostAlarms))}
      {rest.length > 0 && (
        <details>
          <summary>and {formatCount(rest.length)} more</summary>
          {list(rest)}
        </details>
      )}
    </div>
  );
}

function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
