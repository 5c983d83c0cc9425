import type { StepOutcome } from "../../way/types.ts";
import type { Io } from "../io.ts";
import { formatSeconds } from "./format.ts";

/** Prints each step of the way as it ends: `✔ train     12 epochs · accuracy 0.989          31.0 s`, the times under each other. */
export function printSteps(io: Io): (outcome: StepOutcome) => void {
  return ({ step, outcome, text, seconds, facts }) => {
    const mark = outcome === "kept" ? io.paint("dim", "✔") : io.paint("green", "✔");
    io.print(`${mark} ${step.padEnd(12)}${text.padEnd(55)} ${formatSeconds(seconds).padStart(10)}`);
    for (const { message } of (facts["warnings"] ?? []) as { message: string }[])
      io.print(`${io.paint("yellow", "!")} ${"".padEnd(12)}${message}`);
  };
}
