import { expect, test } from "vitest";
import { forEachLimited } from "./transfer.ts";

test("keeps the order, and never has more at work than allowed", async () => {
  let [now, most] = [0, 0];
  const results = await forEachLimited([5, 1, 4, 2, 3], 2, async (item) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, item));
    now--;
    return item * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
});

test("a failure stops what has not begun, and comes when nothing runs any more", async () => {
  const begun: number[] = [];
  let now = 0;
  const all = forEachLimited([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    now++;
    await new Promise((resolve) => setTimeout(resolve, 5));
    now--;
    if (item === 1) throw new Error("one failed");
  });
  await expect(all).rejects.toThrowError("one failed");
  expect(now).toBe(0);
  expect(begun).not.toContain(5);
});

test("nothing is nothing", async () => {
  expect(await forEachLimited([], 4, async () => 1)).toEqual([]);
});
