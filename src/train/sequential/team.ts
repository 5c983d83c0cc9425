/** @file The workers of one run, as the coordinator sees them. */
import { Worker } from "node:worker_threads";
import { locate } from "../../base/locate.ts";
import { switchTelemetryOff } from "../../base/telemetry.ts";
import { trainWorkerFailed } from "../errors.ts";
import { type Answer, fromFault, type Request, type WorkerStart } from "./messages.ts";
import { markFailed, secondary, type Shared } from "./shared.ts";

/** A thread that answers requests. */
interface Member {
  ask(request: Request): Promise<Answer>;
  opened: Promise<Answer>;
  end(): Promise<void>;
}

export interface Team {
  /** What each worker said when its step was there. */
  opened: readonly Extract<Answer, { kind: "opened" }>[];
  /** Lets the workers see the shared memory; needed before an epoch. */
  join(shared: Shared): Promise<void>;
  askAll(request: Request): Promise<Answer[]>;
  askFirst(request: Request): Promise<Answer>;
  /** Ends all threads. Twice is harmless. */
  close(): Promise<void>;
}

/** Starts one thread for each of `starts` and waits until each has built its step. */
export async function startTeam(starts: readonly WorkerStart[]): Promise<Team> {
  switchTelemetryOff();
  let shared: Shared | undefined;
  const fail = (index: number): void => {
    if (shared !== undefined) markFailed(shared, index);
  };
  const members = starts.map((start) => startMember(start, fail));
  const close = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.end()));
  };
  const gather = async <T>(answers: readonly Promise<T>[]): Promise<T[]> => {
    // All settle before one is reported: nobody is still at work when the run is given up.
    const settled = await Promise.allSettled(answers);
    const failures = settled.flatMap((each) => (each.status === "rejected" ? [each.reason as Error] : []));
    const first = failures.find(({ message }) => !message.endsWith(secondary)) ?? failures[0];
    if (first !== undefined) throw first;
    return settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  };
  try {
    const opened = await gather(members.map((member) => member.opened));
    return {
      opened: opened.filter((answer) => answer.kind === "opened"),
      async join(memory) {
        shared = memory;
        await gather(members.map((member) => member.ask({ kind: "join", shared: memory })));
      },
      askAll: (request) => gather(members.map((member) => member.ask(request))),
      async askFirst(request) {
        const [answer] = await gather(members.slice(0, 1).map((member) => member.ask(request)));
        if (answer === undefined) throw trainWorkerFailed({ worker: 0, reason: "it gave no answer" });
        return answer;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function startMember(start: WorkerStart, onFailure: (index: number) => void): Member {
  const worker = new Worker(locate(import.meta.url, "./worker.ts", "train-worker.js"), {
    workerData: start,
    name: `slipway-train-${start.index}`,
  });
  let pending: PromiseWithResolvers<Answer> | undefined;
  let over: Error | undefined;
  const stop = (error: Error): void => {
    over ??= error;
    onFailure(start.index);
    pending?.reject(over);
    pending = undefined;
  };
  worker.on("message", (answer: Answer) => {
    if (answer.kind === "failed") return stop(fromFault(answer.fault, start.index));
    pending?.resolve(answer);
    pending = undefined;
  });
  worker.on("error", (error: Error) =>
    stop(trainWorkerFailed({ worker: start.index, reason: error.message }, { cause: error })),
  );
  const exited = new Promise<void>((resolve) => {
    worker.on("exit", (code) => {
      stop(trainWorkerFailed({ worker: start.index, reason: `its thread ended with code ${code}` }));
      resolve();
    });
  });
  const wait = (): Promise<Answer> => {
    if (over !== undefined) return Promise.reject(over);
    pending = Promise.withResolvers<Answer>();
    return pending.promise;
  };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin; the rule is for windows
  const send = (request: Request): void => worker.postMessage(request);
  const ask = (request: Request): Promise<Answer> => {
    const answer = wait();
    if (over === undefined) send(request);
    return answer;
  };
  return {
    opened: wait(),
    ask,
    async end() {
      // A thread that is asked to close releases its session first; one that does not answer in time is ended.
      const closed = over === undefined && pending === undefined;
      if (closed) send({ kind: "close" });
      const timer = setTimeout(() => void worker.terminate(), closed ? 5000 : 0);
      await exited;
      clearTimeout(timer);
    },
  };
}
