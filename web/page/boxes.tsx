import { formatShare } from "../model/format.ts";
import { reading } from "./store.ts";

/** What a detector saw, drawn over the image. The table of what it saw is under the reading, so that nobody needs to see these. */
export function Boxes() {
  const { labels = [], scores = [], boxes = [] } = reading.value?.answer ?? {};
  if (boxes.length === 0) return null;
  return (
    <div class="boxes" aria-hidden="true">
      {boxes.slice(0, most).map(([left, top, right, bottom], index) => (
        <div
          key={index}
          class="box"
          style={{
            left: percent(left),
            top: percent(top),
            width: percent(right - left),
            height: percent(bottom - top),
          }}
        >
          <span data-below={top < 0.08}>
            {labels[index]} {formatShare(scores[index] ?? 0)}
          </span>
        </div>
      ))}
    </div>
  );
}

/** The same for reading. */
export function BoxTable() {
  const { labels = [], scores = [], boxes } = reading.value?.answer ?? {};
  if (boxes === undefined) return null;
  if (boxes.length === 0) return <p class="small">Nothing found in this image.</p>;
  return (
    <div class="box-table" tabIndex={0} role="group" aria-label="What was found">
      <table>
        <thead>
          <tr>
            <th scope="col">Label</th>
            <th scope="col">Score</th>
            <th scope="col">Left, top, right, bottom</th>
          </tr>
        </thead>
        <tbody>
          {boxes.slice(0, most).map((box, index) => (
            <tr key={index}>
              <th scope="row">{labels[index]}</th>
              <td>{formatShare(scores[index] ?? 0)}</td>
              <td>{box.map(percent).join(", ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** More than anybody can tell apart. */
const most = 50;

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
