import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longestCronJob, toLabelValue, toObjectName } from "./names.ts";
import { nameCronJob, nameJob } from "./training.ts";

/** As the project file takes them. */
const projectName = fc
  .stringMatching(/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+){0,20}$/)
  .filter(({ length }) => length <= 128);
const label = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;

describe("names of objects", () => {
  test.each([
    ["digits", "", "digits"],
    ["digits", "train", "digits-train"],
    ["intent_classifier", "", "intent-classifier"],
    ["v1.2__beta", "", "v1-2-beta"],
    ["3d-shapes", "", "p-3d-shapes"],
  ])("%s %s → %s", (project, suffix, name) => {
    expect(toObjectName(project, suffix)).toBe(name);
  });

  test("any project's are labels of at most 63 characters, a CronJob's of 52, each with its whole suffix", () => {
    fc.assert(
      fc.property(projectName, fc.constantFrom("", "env", "volume"), (project, suffix) => {
        const name = toObjectName(project, suffix);
        expect(name).toMatch(label);
        expect(name.length).toBeLessThanOrEqual(63);
        expect(name.endsWith(suffix)).toBe(true);
        const job = nameJob({ project, inputs: `sha256:${"0123456789abcdef".repeat(4)}` });
        expect(job).toMatch(label);
        expect(job).toMatch(/-train-0123456789ab$/);
        expect(job.length).toBeLessThanOrEqual(63);
        expect(nameCronJob(project)).toMatch(label);
        expect(nameCronJob(project).length).toBeLessThanOrEqual(longestCronJob);
      }),
    );
  });

  test("two long ones that only differ behind the cut stay two", () => {
    const long = "a".repeat(100);
    expect(toObjectName(`${long}-one`)).not.toBe(toObjectName(`${long}-two`));
    expect(toLabelValue(`${long}-one`)).not.toBe(toLabelValue(`${long}-two`));
  });
});

test("any text becomes a label's value", () => {
  fc.assert(
    fc.property(fc.oneof(projectName, fc.string(), fc.string({ unit: "grapheme", minLength: 60 })), (text) => {
      const value = toLabelValue(text);
      expect(value).toMatch(/^(?:[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?)?$/);
      expect(value.length).toBeLessThanOrEqual(63);
    }),
  );
});
