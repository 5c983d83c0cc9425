/** @file Grows trees in a thread of its own until there are no more numbers to take. */
import { parentPort, workerData } from "node:worker_threads";
import { type ForestJob, growTrees } from "./job.ts";

const port = parentPort;
if (port === null) throw new TypeError("worker.ts is run by worker_threads only");
const job = workerData as ForestJob;
for (const grown of growTrees(job)) port.postMessage(grown);
