import { formatShare } from "../model/format.ts";
import { found, leastScore } from "./store.ts";

/** What a detector saw, drawn over the image. The table of what it saw is under the reading, so that nobody needs to see these. */
export function Boxes() {
  const boxes = found.value?.boxes ?? [];
  if (boxes.length === 0) return null;
  return (
    <div class="boxes" aria-hidden="true">
      {boxes.slice(0, most).map(({ label, score, corners: [left, top, right, bottom] }, index) => (
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
            {label} {formatShare(score)}
          </span>
        </div>
      ))}
    </div>
  );
}

/** The same for reading, and from which score on boxes are shown. */
export function BoxTable() {
  if (found.value === undefined) return null;
  const { boxes } = found.value;
  return (
    <>
      <LeastScore />
      {boxes.length === 0 ? (
        <p class="small">Nothing found in this image.</p>
      ) : (
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
              {boxes.slice(0, most).map(({ label, score, corners }, index) => (
                <tr key={index}>
                  <th scope="row">{label}</th>
                  <td>{formatShare(score)}</td>
                  <td>{corners.map(percent).join(", ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function LeastScore() {
  const less = found.value?.less ?? 0;
  const share = `${Math.round(leastScore.value * 100)} %`;
  return (
    <label class="least-score">
      <span>Shown from</span>
      <input
        type="range"
        min="1"
        max="99"
        value={Math.round(leastScore.value * 100)}
        aria-valuetext={share}
        onInput={({ currentTarget }) => (leastScore.value = Number(currentTarget.value) / 100)}
      />
      <output>{share}</output>
      <span class="small">{less === 0 ? "nothing is less sure" : `${less} less sure`}</span>
    </label>
  );
}

/** More than anybody can tell apart. */
const most = 50;

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
