import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { findCronFault } from "./cron.ts";

/** The same list is held against the API server's own parser, in test/cluster. */
const schedules = JSON.parse(readFileSync(new URL("../../test/golden/schedules.json", import.meta.url), "utf8")) as {
  taken: string[];
  refused: string[];
};

test.each(schedules.taken)("%s is taken", (schedule) => {
  expect(findCronFault(schedule)).toBeUndefined();
});

/** The API server overlooks these; they are slips all the same. */
const slips = ["1, * * * *", "+1 * * * *"];

test.each([...schedules.refused, ...slips])("%s is refused", (schedule) => {
  expect(findCronFault(schedule)).toMatch(/^(?:five fields|for the )/);
});

test("the fault names the field", () => {
  expect(findCronFault("0 0 * * 5#2")).toBe(
    "for the day of the week numbers from 0 to 6 (or sun…), *, ranges such as 1-5 and steps such as */2",
  );
});
