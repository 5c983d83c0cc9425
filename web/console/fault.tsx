import type { Fault } from "./client.ts";
import { Words } from "./words.tsx";

/** Says what went wrong and what to do. The place stays, so that screen readers hear what comes into it. */
export function FaultNotice({ fault }: { fault: Fault | undefined }) {
  return (
    <div class="notice-place" role="alert">
      {fault?.kind === "away" && (
        <div class="notice">
          <h2>The console does not answer</h2>
          <p>
            Start it again with <code>slipway console</code>, then reload the page.
          </p>
        </div>
      )}
      {fault?.kind === "problem" && (
        <div class="notice">
          <h2>
            <Words text={fault.message} />
          </h2>
          <p class="mend">
            <span class="overline">What to do</span> <Words text={fault.mend} />
          </p>
          <p class="small">
            <code>{fault.code}</code>
          </p>
        </div>
      )}
    </div>
  );
}
