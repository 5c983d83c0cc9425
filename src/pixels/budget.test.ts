import { expect, test } from "vitest";
import { withinBudget } from "./budget.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("work waits until its pixels fit, in order, and errors give their share back", async () => {
  const log: string[] = [];
  const work = (name: string, megapixels: number, fails = false) =>
    withinBudget(megapixels * 1e6, async () => {
      log.push(`+${name}`);
      await turn();
      log.push(`-${name}`);
      if (fails) throw new Error(name);
      return name;
    });
  const all = await Promise.allSettled([
    work("a", 10),
    work("b", 5, true),
    work("c", 12),
    work("d", 1),
    work("huge", 90),
    work("e", 1),
  ]);
  expect(log).toEqual(["+a", "+b", "-a", "-b", "+c", "+d", "-c", "-d", "+huge", "-huge", "+e", "-e"]);
  expect(all.map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
    "fulfilled",
    "fulfilled",
  ]);
});
