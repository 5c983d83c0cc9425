/**
 * @file Live work on what changes all the time: it waits for a short rest, but not for ever while changes go on; what is in
 * flight for an older state is cancelled, and only the newest state's outcome is reported.
 */
export interface Latest<Input> {
  request(input: Input): void;
  /** Without the rest: for retries and files. */
  requestNow(input: Input): void;
  cancel(): void;
}

export interface LatestOptions<Input, Result> {
  work: (input: Input, signal: AbortSignal) => Promise<Result>;
  onResult: (result: Result) => void;
  /** Failures that `work` does not turn into a result: a fault of the page, never hidden. */
  onError: (error: unknown) => void;
  /** Milliseconds without a change before work starts. */
  restMs: number;
  /** Milliseconds after which work starts although changes go on. */
  longestMs: number;
}

export function createLatest<Input, Result>(options: LatestOptions<Input, Result>): Latest<Input> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitingSince: number | undefined;
  let inFlight: AbortController | undefined;

  const start = (input: Input) => {
    clear();
    inFlight?.abort();
    const controller = new AbortController();
    inFlight = controller;
    void run(input, controller.signal);
  };
  const run = async (input: Input, signal: AbortSignal) => {
    try {
      const result = await options.work(input, signal);
      if (!signal.aborted) options.onResult(result);
    } catch (error) {
      // What was aborted was replaced by something newer, which reports.
      if (!signal.aborted) options.onError(error);
    }
  };
  const clear = () => {
    clearTimeout(timer);
    timer = undefined;
    waitingSince = undefined;
  };
  return {
    request(input) {
      const now = performance.now();
      waitingSince ??= now;
      clearTimeout(timer);
      timer = setTimeout(
        () => start(input),
        Math.max(0, Math.min(options.restMs, waitingSince + options.longestMs - now)),
      );
    },
    requestNow: start,
    cancel() {
      clear();
      inFlight?.abort();
      inFlight = undefined;
    },
  };
}
