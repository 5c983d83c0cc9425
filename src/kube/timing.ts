/** @file The clocks of a serving pod. They depend on each other, so they stand in one place; ADR 12 has the measurements behind them. */

/**
 * Milliseconds between "not ready" and the end of accepting. When a pod is told to stop, its address is taken out of every node's and every
 * ingress controller's lists, by parts that hear of it at their own pace; until the slowest has, calls still come, and are answered.
 */
export const drainDelayMs = 5000;

/** Milliseconds that calls in flight get after it. */
export const drainDeadlineMs = 25_000;

/** Seconds between SIGTERM and SIGKILL: both of the above, and time to free the model. */
export function graceSeconds(delayMs: number, deadlineMs: number): number {
  return Math.ceil((delayMs + deadlineMs) / 1000) + 5;
}

export const livePath = "/healthz";
export const readyPath = "/readyz";

/** Seconds, and numbers of looks. */
export const probes = {
  /** Until the model is loaded: a look each second makes a quick start quick, and a slow one has 5 minutes. */
  startup: { periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 300 },
  /** A busy pod must not be taken for a broken one: its calls would fall to the others, which are as busy. */
  readiness: { periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 3 },
  /** Only a process that answers nothing at all for a minute is killed. */
  liveness: { periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6 },
} as const;
