import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { findSlipwayError } from "../../base/errors.ts";
import { askToStop, createBarrier, createShared, decideStop, isStopDecided, markFailed } from "./shared.ts";

const sizes = { parameters: 16, states: 1, statistics: 0 };

test("workers leave a barrier together, time after time", async () => {
  const shared = createShared({ workers: 3, ...sizes });
  const rounds = 200;
  const code = `
    const { workerData } = require("node:worker_threads");
    const { shared, rounds, me, from } = workerData;
    import(from).then(({ createBarrier }) => {
      const barrier = createBarrier(shared);
      for (let round = 1; round <= rounds; round++) {
        shared.parameters[me] = round;
        barrier();
        for (let k = 0; k < 3; k++) if (shared.parameters[k] !== round) throw new Error("worker " + k + " is elsewhere");
        barrier();
      }
    });
  `;
  const from = new URL("shared.ts", import.meta.url).href;
  const ends = [0, 1, 2].map((me) => {
    const worker = new Worker(code, { eval: true, workerData: { shared, rounds, me, from } });
    return new Promise<number>((resolve, reject) => worker.once("error", reject).once("exit", resolve));
  });
  expect(await Promise.all(ends)).toEqual([0, 0, 0]);
  expect([...shared.parameters.subarray(0, 3)]).toEqual([rounds, rounds, rounds]);
});

test("nobody waits for a worker that has failed", () => {
  const shared = createShared({ workers: 2, ...sizes });
  const barrier = createBarrier(shared);
  markFailed(shared, 1);
  let code: string | undefined;
  try {
    barrier();
  } catch (error) {
    code = findSlipwayError(error)?.code;
  }
  expect(code).toBe("SLIPWAY_TRAIN_WORKER_FAILED");
});

test("a wish to stop counts once it is decided", () => {
  const shared = createShared({ workers: 2, ...sizes });
  askToStop(shared);
  expect(isStopDecided(shared)).toBe(false);
  decideStop(shared);
  expect(isStopDecided(shared)).toBe(true);
});
