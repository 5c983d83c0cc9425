/** @file Bounds the memory of images that are decoded at the same time: 10 to 25 bytes a pixel while one is decoded. */

/** As many pixels as one image may have by default: small images go side by side, the largest alone. */
const budget = 4096 * 4096;

let inUse = 0;
const waiting: { pixels: number; start: () => void }[] = [];

/** Runs `work` once its pixels fit beside those of the work that is under way; first come, first served. */
export async function withinBudget<T>(pixels: number, work: () => Promise<T>): Promise<T> {
  const share = Math.min(pixels, budget);
  if (waiting.length > 0 || inUse + share > budget) {
    // Whoever finishes takes the share for the one that waits, so that nobody slips in between.
    await new Promise<void>((start) => waiting.push({ pixels: share, start }));
  } else inUse += share;
  try {
    return await work();
  } finally {
    inUse -= share;
    startWaiting();
  }
}

function startWaiting(): void {
  for (let next = waiting[0]; next !== undefined && inUse + next.pixels <= budget; next = waiting[0]) {
    waiting.shift();
    inUse += next.pixels;
    next.start();
  }
}
