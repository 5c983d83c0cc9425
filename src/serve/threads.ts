import { availableParallelism, totalmem } from "node:os";

/** What a process of ours needs besides its models' threads, under load: 70 MB, and as much again for peaks and the files it maps. */
const baseBytes = 128 << 20;
/** A thread with onnxruntime in it and room for its batches; measured with the digits. */
const threadBytes = 26 << 20;

export interface Means {
  /** Cores that this process may use: a container's quota counts. */
  cores: number;
  /** Bytes that this process may use at most: the machine's, or its container's limit. */
  memory: number;
}

/** How many threads run a model of this size in bytes: a core is left for the callers, and a small container is not outgrown. */
export function chooseThreads(modelBytes: number, { cores, memory }: Means = readMeans()): number {
  // Each thread has weights of its own, in the file's order and as onnxruntime lays them out, and reads the file at its start.
  const fit = Math.floor((memory - baseBytes) / (threadBytes + 3 * modelBytes));
  return Math.max(1, Math.min(4, cores - 1, fit));
}

function readMeans(): Means {
  const limit = process.constrainedMemory();
  // Without a limit it is 0, or a number beyond any machine.
  return { cores: availableParallelism(), memory: limit > 0 ? Math.min(limit, totalmem()) : totalmem() };
}
