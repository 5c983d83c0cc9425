import { formatCount, formatShare } from "../model/format.ts";
import { FaultNotice } from "./fault.tsx";
import { askConfusion, confusion } from "./store.ts";

/** Which labels the model takes for which, on the rows that its training kept back. */
export function Confusion({ digest }: { digest: string }) {
  const { value, fault, asking } = confusion.value;
  return (
    <section aria-labelledby="confusion-title">
      <h2 id="confusion-title" class="plate-title">
        Confusion
      </h2>
      <FaultNotice fault={fault} />
      {value === undefined && (
        <p>
          <button type="button" disabled={asking} onClick={() => void askConfusion(digest)}>
            {asking ? "Asking the model …" : "Ask the model about its validation rows"}
          </button>
        </p>
      )}
      {value !== undefined && ("reason" in value ? <p class="blank">{value.reason}</p> : <Matrix {...value} />)}
    </section>
  );
}

/** So many mistakes of one kind have the full shade, where none has more. */
const leastShade = 4;

function Matrix({ labels, counts, rows }: { labels: string[]; counts: number[][]; rows: number }) {
  const right = labels.reduce((all, _, at) => all + (counts[at]?.[at] ?? 0), 0);
  // Rare mistakes are what is looked for: shades are of the mistakes alone. A few single ones are no alarm.
  const worst = Math.max(leastShade, ...counts.flatMap((row, at) => row.filter((_, predicted) => predicted !== at)));
  return (
    <>
      <p class="small">
        {formatCount(right)} of {formatCount(rows)} rows right ({formatShare(right / rows)}). A row is what the label
        is, a column what the model says.
      </p>
      <div class="scroll" tabIndex={0} role="group" aria-label="Confusion matrix">
        <table class="confusion">
          <thead>
            <tr>
              <td />
              {labels.map((label) => (
                <th key={label} scope="col">
                  {label}
                </th>
              ))}
              <th scope="col">right</th>
            </tr>
          </thead>
          <tbody>
            {labels.map((label, at) => {
              const row = counts[at] ?? [];
              const of = row.reduce((all, count) => all + count, 0);
              return (
                <tr key={label}>
                  <th scope="row">{label}</th>
                  {row.map((count, predicted) => (
                    <td
                      key={labels[predicted]}
                      data-right={predicted === at}
                      data-none={count === 0}
                      style={{ "--shade": predicted === at ? "0%" : `${Math.round((count / worst) * 60)}%` }}
                      title={`${label} taken for ${labels[predicted]}: ${count}`}
                    >
                      {count === 0 ? "·" : formatCount(count)}
                    </td>
                  ))}
                  <td class="small">{of === 0 ? "–" : formatShare((row[at] ?? 0) / of)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}
