import type { DataAnswer } from "../../src/console/api.ts";
import { formatCount } from "../model/format.ts";

/** How many there are of each label; where they differ from the lock, how many it has. */
export function Labels({ labels }: Pick<DataAnswer, "labels">) {
  const most = Math.max(1, ...labels.map(({ count, locked = 0 }) => Math.max(count, locked)));
  const differs = labels.some(({ locked }) => locked !== undefined);
  return (
    <section aria-labelledby="labels-title">
      <h2 id="labels-title" class="plate-title">
        Labels
      </h2>
      <div
        class="label-table"
        tabIndex={labels.length > 20 ? 0 : undefined}
        role="group"
        aria-labelledby="labels-title"
      >
        <table>
          <thead class={differs ? undefined : "unseen"}>
            <tr>
              <th scope="col">Label</th>
              <th scope="col">
                <span class="unseen">Share</span>
              </th>
              <th scope="col" class="number">
                Count
              </th>
              {differs && (
                <th scope="col" class="number">
                  Locked
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {labels.map(({ label, count, locked }) => (
              <tr key={label} data-differs={locked !== undefined && locked !== count}>
                <th scope="row">{label}</th>
                <td class="label-bar" aria-hidden="true">
                  <span style={{ width: `${(count / most) * 100}%` }} />
                </td>
                <td class="number">{formatCount(count)}</td>
                {differs && <td class="number">{formatCount(locked ?? 0)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
