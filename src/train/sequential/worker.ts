/** @file One data-parallel worker: a thread with a session of its own. It does what the coordinator asks, one request at a time. */
import { parentPort, workerData } from "node:worker_threads";
import type { Step } from "../step.ts";
import { createStep } from "./create-step.ts";
import { createExchange, type Exchange } from "./exchange.ts";
import { createFeed } from "./feed.ts";
import { createRoom, openKernels } from "./kernels.ts";
import { type Answer, type Request, toFault, type WorkerStart } from "./messages.ts";
import { createShard, type RunEpoch } from "./shard.ts";
import { markFailed, type Shared } from "./shared.ts";

const start = workerData as WorkerStart;
const port = parentPort;
if (port === null) throw new TypeError("worker.ts is run by worker_threads only");

let open: { step: Step; shared: Shared | undefined; exchange: Exchange | undefined; run: RunEpoch | undefined };
try {
  const { step, engine } = await createStep(start.engine, start.step);
  open = { step, shared: undefined, exchange: undefined, run: undefined };
  answer({ kind: "opened", engine, parameters: step.parameters.length, statistics: step.statistics.slice() });
} catch (error) {
  answer({ kind: "failed", fault: toFault(error) });
}

port.on("message", (request: Request) => {
  handle(request).then(answer, (error: unknown) => {
    // Whoever waits at the barrier must not wait for this worker.
    if (open.shared !== undefined) markFailed(open.shared, start.index);
    answer({ kind: "failed", fault: toFault(error) });
  });
});

async function handle(request: Request): Promise<Answer> {
  const { step } = open;
  if (request.kind === "join") {
    const { shared } = request;
    const kernels = await openKernels(step);
    const room = createRoom(step);
    const exchange = createExchange(step, shared, start.index, start.plan.optimizer, kernels, room);
    const feed = createFeed(step, start.feed, kernels, room);
    const run = createShard(step, shared, start.index, start.plan, exchange, feed);
    open = { step, shared, exchange, run };
    return { kind: "done" };
  }
  if (request.kind === "load") {
    step.load(request.parameters);
    open.shared?.parameters.set(step.parameters);
    return { kind: "done" };
  }
  if (request.kind === "epoch" && open.run !== undefined) {
    open.exchange?.restore();
    return { kind: "epoch", end: await open.run(request.epoch, request.step) };
  }
  if (request.kind === "save") {
    if (open.shared !== undefined) step.parameters.set(open.shared.parameters);
    return { kind: "saved", parameters: step.save() };
  }
  await step.release();
  port?.close();
  return { kind: "done" };
}

function answer(message: Answer): void {
  port?.postMessage(message);
}
