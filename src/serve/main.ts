/**
 * @file The server's process: the same file on a laptop and in an image. It is also the file of its own worker threads, since a
 * bundle is one file; each side loads only what it needs.
 */
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const { runProcess } = await import("./process.ts");
  await runProcess({
    say: (line) => process.stdout.write(`${line}\n`),
    fail: (code) => (process.exitCode = code),
  });
} else await import("./runtime/worker.ts");
