import type { DataAnswer } from "../../src/console/api.ts";
import { formatCount } from "../model/format.ts";
import { Time } from "./facts.tsx";

/** Whether the files are those of the lock, and which are not. */
export function Lock({ lock, unit }: Pick<DataAnswer, "lock" | "unit">) {
  const { state, lockedAt, lines, files, differences } = lock;
  if (state === "unlocked")
    return (
      <p class="state" data-state="unlocked">
        Not locked yet: <code>slipway data lock</code>, or the first <code>slipway up</code>, does it.
      </p>
    );
  if (state === "same")
    return (
      <p class="state" data-state="same">
        As locked {lockedAt !== undefined && <Time at={lockedAt} />}.
      </p>
    );
  return (
    <div class="state" data-state="differs">
      <p>
        <b>Changed</b> since it was locked {lockedAt !== undefined && <Time at={lockedAt} />}:
      </p>
      <ul class="lines">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <details>
        <summary>
          {formatCount(differences)} {differences === 1 ? unit : `${unit}s`}, one by one
        </summary>
        <div class="scroll" tabIndex={0} role="group" aria-label="Changed files">
          <table class="files">
            <thead class="unseen">
              <tr>
                <th scope="col">What happened</th>
                <th scope="col">File</th>
              </tr>
            </thead>
            <tbody>
              {files.map(({ what, path, to }) => (
                <tr key={`${what} ${path}`}>
                  <td>{what}</td>
                  <td>
                    <code>
                      {path}
                      {to !== undefined && ` ${what === "swapped" ? "↔" : "→"} ${to}`}
                    </code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {files.length < differences && (
            <p class="small">
              and {formatCount(differences - files.length)} more: <code>slipway data diff</code>
            </p>
          )}
        </div>
      </details>
      <p class="small">
        Meant so? <code>slipway data lock</code> accepts the change.
      </p>
    </div>
  );
}
