import { createFastStep } from "../fast/fast-step.ts";
import { createGraphStep } from "../graph-step.ts";
import type { Step, StepOptions } from "../step.ts";

/** Which of the steps computes the gradients. */
export type Engine = "fast" | "graph";

/** The fast path where it applies (not to a detector) and `wanted` allows it, else the plain ONNX graph. */
export async function createStep(
  wanted: "auto" | Engine,
  options: StepOptions,
): Promise<{ step: Step; engine: Engine }> {
  const fast = wanted === "graph" || options.anchors !== undefined ? undefined : await createFastStep(options);
  return fast === undefined
    ? { step: await createGraphStep(options), engine: "graph" }
    : { step: fast, engine: "fast" };
}
