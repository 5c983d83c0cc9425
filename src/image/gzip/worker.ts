/** @file A thread of the crew: deflates what it is sent, one after the other. */
import { parentPort } from "node:worker_threads";
import { deflatePiece } from "./deflate.ts";
import type { Piece } from "./gzip.ts";

parentPort?.on("message", ({ bytes, start, isLast }: Piece) => {
  const deflated = deflatePiece(bytes, start, isLast).slice();
  parentPort?.postMessage(deflated, [deflated.buffer]);
});
