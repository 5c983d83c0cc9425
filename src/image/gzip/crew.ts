/** @file Threads that deflate. Small inputs never start one. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { locate } from "../../base/locate.ts";
import { deflatePiece } from "./deflate.ts";
import type { Piece } from "./gzip.ts";

export interface Crew extends AsyncDisposable {
  /** How many pieces are worked on at once. */
  readonly width: number;
  /** Takes the piece's memory over. */
  deflate(piece: Piece): Promise<Uint8Array>;
}

/** More threads than this only wait for the disk. */
const mostThreads = 8;
/** Pieces that this thread deflates itself before it is worth starting others. */
const ownPieces = 2;

export function openCrew(): Crew {
  const threads: Thread[] = [];
  const width = Math.min(availableParallelism(), mostThreads);
  let given = 0;
  return {
    width,
    async deflate(piece) {
      given++;
      if (given <= ownPieces || width < 2) return deflatePiece(piece.bytes, piece.start, piece.isLast);
      if (threads.length < width) threads.push(startThread());
      // In turn: pieces are of one size, and their order is the order in which they are waited for.
      return threads[given % threads.length]!.deflate(piece);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(threads.map((thread) => thread.stop()));
    },
  };
}

interface Thread {
  deflate(piece: Piece): Promise<Uint8Array>;
  stop(): Promise<unknown>;
}

function startThread(): Thread {
  const worker = new Worker(locate(import.meta.url, "worker.ts", "gzip-worker.js"));
  const waiting: { resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void }[] = [];
  worker.on("message", (bytes: Uint8Array) => waiting.shift()?.resolve(bytes));
  const fail = (error: Error): void => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on("error", fail);
  worker.on("messageerror", fail);
  // A thread that ends early without a word must not leave anyone waiting.
  worker.on("exit", (code) => fail(new Error(`the thread that compresses ended with code ${code}`)));
  return {
    deflate: (piece) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.postMessage(piece, [piece.bytes.buffer]);
      }),
    stop: () => worker.terminate(),
  };
}
