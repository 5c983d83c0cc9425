import { failure } from "./store.ts";

/** Says in words what went wrong, and what to do about it. The element stays, so that screen readers hear what comes into it. */
export function Notice() {
  const fault = failure.value;
  return (
    <div class="notice-place" role="alert">
      {fault?.kind === "away" && (
        <div class="notice">
          <h2>The server does not answer</h2>
          <p>The page asks again every few seconds and goes on by itself. Your drawing is kept.</p>
        </div>
      )}
      {fault?.kind === "problem" && (
        <div class="notice">
          <h2>{fault.title}</h2>
          <p>{fault.detail}</p>
          {fault.mend !== undefined && (
            <p class="mend">
              <span class="overline">What to do</span> {fault.mend}
            </p>
          )}
          {fault.retryAfterMs !== undefined && <p>The page tries again by itself.</p>}
          {(fault.code !== undefined || fault.status > 0) && (
            <p class="small">
              <code>
                {[fault.status > 0 ? fault.status : undefined, fault.code]
                  .filter((part) => part !== undefined)
                  .join(" · ")}
              </code>
            </p>
          )}
        </div>
      )}
    </div>
  );
}
