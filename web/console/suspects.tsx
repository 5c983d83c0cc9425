import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AuditAnswer, SuspicionsAnswer } from "../../src/console/api.ts";
import { formatCount } from "../model/format.ts";
import { ask, type Fault } from "./client.ts";
import { Time } from "./facts.tsx";
import { FaultNotice } from "./fault.tsx";
import { Look } from "./look.tsx";
import { Picture } from "./picture.tsx";
import { formatMargin, type Suspicion } from "./suspicion.ts";

type Group = NonNullable<AuditAnswer["last"]>["groups"][number];

/** Pictures that come at once; more on demand. */
const pageSize = 60;
/** Pixels a side of a card's picture, on a dense screen. */
const thumbnail = 160;

/** One kind of suspicion: its pictures, the surest first, all or those of one pair of labels. */
export function Suspects({ group, comparedWith }: { group: Group; comparedWith: string | undefined }) {
  const { kind, title, text, pairs, count } = group;
  const shown = useSignal<readonly Suspicion[]>([]);
  const total = useSignal(count);
  const pair = useSignal(-1);
  const fault = useSignal<Fault | undefined>(undefined);
  const looking = useSignal<number | undefined>(undefined);

  const load = async (from: number): Promise<void> => {
    const chosen = pairs[pair.value];
    const query = new URLSearchParams({ kind, from: String(from), count: String(pageSize) });
    if (chosen !== undefined) {
      query.set("label", chosen.label);
      query.set("looksLike", chosen.looksLike);
    }
    const wanted = pair.value;
    const outcome = await ask<SuspicionsAnswer>(`api/audit/suspicions?${query.toString()}`);
    if (pair.value !== wanted) return;
    fault.value = outcome.kind === "answer" ? undefined : outcome;
    if (outcome.kind !== "answer") return;
    shown.value = from === 0 ? outcome.value.suspicions : [...shown.value, ...outcome.value.suspicions];
    total.value = outcome.value.total;
  };
  useEffect(() => void load(0), [pair.value]);

  const id = `suspects-${kind}`;
  const left = total.value - shown.value.length;
  return (
    <section class="suspects" aria-labelledby={id}>
      <div class="suspects-head">
        <h3 id={id}>
          {title} <span class="suspects-count">{formatCount(count)}</span>
        </h3>
        {pairs.length > 0 && (
          <label class="small">
            <span class="unseen">{title}: which labels</span>
            <select
              value={String(pair.value)}
              onChange={({ currentTarget }) => (pair.value = Number(currentTarget.value))}
            >
              <option value="-1">All labels</option>
              {pairs.map(({ label, looksLike, count: of }, at) => (
                <option key={`${label} ${looksLike}`} value={String(at)}>
                  {kind === "relabelled"
                    ? `was ${looksLike}, now ${label} (${formatCount(of)})`
                    : `${label} looks like ${looksLike} (${formatCount(of)})`}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <p class="small">
        {text}
        {kind === "relabelled" && comparedWith !== undefined && (
          <>
            {" "}
            It was made <Time at={comparedWith} />.
          </>
        )}
      </p>
      <FaultNotice fault={fault.value} />
      <ul class="suspects-grid">
        {shown.value.map((suspicion, at) => (
          <li key={suspicion.path}>
            <button type="button" class="suspect" onClick={() => (looking.value = at)}>
              <span class="suspect-pictures">
                <Picture path={suspicion.path} longest={thumbnail} />
                {suspicion.copyOf !== undefined && <Picture path={suspicion.copyOf} longest={thumbnail} />}
              </span>
              <span class="suspect-words">
                <span class="unseen">labelled </span>
                <b>{suspicion.label}</b>{" "}
                {kind === "relabelled" ? (
                  "was"
                ) : (
                  <>
                    <span class="unseen">looks like</span>
                    <span aria-hidden="true">→</span>
                  </>
                )}{" "}
                {suspicion.looksLike}
                <span class="suspect-margin">
                  <span class="unseen">, margin </span>
                  {formatMargin(suspicion.margin)}
                  <span class="unseen">, </span>
                </span>
              </span>
              <code class="suspect-path">{suspicion.path}</code>
              {suspicion.copyOf !== undefined && <span class="unseen">, a copy of {suspicion.copyOf}</span>}
            </button>
          </li>
        ))}
      </ul>
      {left > 0 && (
        <button type="button" class="more-button" onClick={() => void load(shown.value.length)}>
          Show {formatCount(Math.min(left, pageSize))} more of {formatCount(left)}
        </button>
      )}
      {looking.value !== undefined && (
        <Look
          suspicions={shown.value}
          total={total.value}
          at={looking.value}
          onMove={(to) => {
            if (to >= shown.value.length - 5 && left > 0) void load(shown.value.length);
            looking.value = Math.min(Math.max(to, 0), shown.value.length - 1);
          }}
          onClose={() => (looking.value = undefined)}
        />
      )}
    </section>
  );
}
