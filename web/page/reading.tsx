import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { formatDuration, formatShare } from "../model/format.ts";
import { BoxTable } from "./boxes.tsx";
import { detects, found, labels, reading } from "./store.ts";

/** The label large, how sure the model is of it, and of each of the others. */
export function Reading() {
  const answer = reading.value?.answer;
  const shares = answer?.probabilities ?? {};
  const names = labels.value.length > 0 ? labels.value : Object.keys(shares);
  const label = answer?.label;
  const probability = answer?.probability ?? (label === undefined ? undefined : shares[label]);
  const next = names
    .filter((name) => name !== label && shares[name] !== undefined)
    .toSorted((a, b) => shares[b]! - shares[a]!)[0];
  const seen = found.value?.boxes;
  const plain = answer !== undefined && label === undefined && seen === undefined;
  return (
    <>
      <div class="dial-face" data-empty={label === undefined && seen === undefined}>
        <output class="label" data-length={lengthClass(label)} aria-hidden="true">
          {label ?? (seen === undefined ? "–" : seen.length)}
        </output>
        <div class="dial-side">
          {!detects.value && <p class="probability">{probability === undefined ? "– %" : formatShare(probability)}</p>}
          <p class="small">
            {seen !== undefined
              ? "found in this image"
              : next === undefined
                ? "Nothing read yet"
                : `next: ${next}, ${formatShare(shares[next]!)}`}
          </p>
          <Latency />
        </div>
        <Spoken
          text={
            label === undefined
              ? seen === undefined
                ? ""
                : `Found ${seen.length}`
              : `Reads ${label}${probability === undefined ? "" : `, ${formatShare(probability)}`}`
          }
        />
      </div>
      <BoxTable />
      {plain && (
        <pre class="plain-answer" tabIndex={0} aria-label="The model's answer">
          {JSON.stringify(answer, undefined, 2)}
        </pre>
      )}
      {names.length > 0 && <Bars names={names} shares={shares} label={label} />}
    </>
  );
}

function Bars({
  names,
  shares,
  label,
}: {
  names: readonly string[];
  shares: Readonly<Record<string, number>>;
  label: string | undefined;
}) {
  return (
    <div
      class="bars"
      tabIndex={names.length > 14 ? 0 : undefined}
      role="group"
      aria-label="Probabilities"
      data-many={names.length > 14}
    >
      <table>
        <caption class="unseen">Probability of each label</caption>
        <thead>
          <tr>
            <th scope="col" class="unseen">
              Label
            </th>
            <th scope="col">
              <span class="unseen">Probability</span>
              <span class="scale" aria-hidden="true">
                <i>0</i>
                <i>25</i>
                <i>50</i>
                <i>75</i>
                <i>100 %</i>
              </span>
            </th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => {
            const share = shares[name];
            return (
              <tr key={name} data-label={name} data-first={name === label}>
                <th scope="row">{name}</th>
                <td>
                  <span class="bar" aria-hidden="true">
                    <span class="bar-fill" style={{ "--share": share ?? 0 }} />
                  </span>
                  <span class="bar-number">{share === undefined ? "–" : formatShare(share)}</span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Latency() {
  const now = reading.value;
  return (
    <dl class="latency">
      <div>
        <dt>Round trip</dt>
        <dd data-latency="round-trip">{now === undefined ? "–" : formatDuration(now.roundTripMs)}</dd>
      </div>
      {now?.serverMs !== undefined && (
        <div>
          <dt>Server</dt>
          <dd data-latency="server">{formatDuration(now.serverMs)}</dd>
        </div>
      )}
    </dl>
  );
}

/** Screen readers hear the reading when it has settled, not every change of a live one. */
function Spoken({ text }: { text: string }) {
  const said = useSignal("");
  useEffect(() => {
    const timer = setTimeout(() => (said.value = text), 500);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p class="unseen" role="status">
      {said.value}
    </p>
  );
}

function lengthClass(label = "–"): "one" | "few" | "word" | "long" {
  if (label.length <= 2) return "one";
  if (label.length <= 6) return "few";
  return label.length <= 14 ? "word" : "long";
}
