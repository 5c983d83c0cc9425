/** @file Keeps the card fresh and knows whether the server is there: asks again quickly while it is away, and now and then while it is there. */
import type { Card } from "../model/card.ts";
import type { Client, Problem } from "./client.ts";

export type LinkState = "connecting" | "here" | "away";

export interface Link {
  /** Asks now: after a failed prediction, a hot swap, or when the page is looked at again. */
  refresh(): void;
  stop(): void;
}

export interface LinkOptions {
  client: Pick<Client, "readCard">;
  onCard: (card: Card) => void;
  onState: (state: LinkState) => void;
  onProblem: (problem: Problem) => void;
  /** Milliseconds between questions while the server is there, and the first and the longest wait while it is away. */
  calmMs?: number;
  firstMs?: number;
  longestMs?: number;
}

export function keepLink({
  client,
  onCard,
  onState,
  onProblem,
  calmMs = 10_000,
  firstMs = 500,
  longestMs = 5000,
}: LinkOptions): Link {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: AbortController | undefined;
  let misses = 0;

  const ask = async () => {
    clearTimeout(timer);
    asking?.abort();
    const controller = new AbortController();
    asking = controller;
    const result = await client.readCard(controller.signal);
    if (controller.signal.aborted) return;
    misses = result.kind === "card" ? 0 : misses + 1;
    if (result.kind === "card") onCard(result.card);
    if (result.kind === "problem") onProblem(result);
    onState(result.kind === "away" ? "away" : "here");
    timer = setTimeout(again, misses === 0 ? calmMs : Math.min(longestMs, firstMs * 2 ** (misses - 1)));
  };
  const again = () => {
    // An aborted question was replaced by a newer one, which reports.
    ask().catch(() => {});
  };
  again();
  return {
    refresh: again,
    stop() {
      clearTimeout(timer);
      asking?.abort();
    },
  };
}
