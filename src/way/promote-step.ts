import { toGateError } from "../artifact/gate.ts";
import type { Artifact, Store } from "../artifact/types.ts";
import type { ProjectDefinition } from "../project/types.ts";
import { artifactStep } from "./artifact-step.ts";
import type { RunStep } from "./clock.ts";
import { describePromotion } from "./describe.ts";
import { describeVerdict, gateStep } from "./gate-step.ts";

/** Gate and artifact: ends with the candidate being the champion of its store. Throws `gateFailed` where the gate holds it back; the champion stays as it was then. */
export async function promoteStep(
  definition: ProjectDefinition,
  candidate: Artifact,
  store: Store,
  step: RunStep,
): Promise<Artifact> {
  const judged = await step("gate", async () => {
    const found = await gateStep(definition, candidate, store);
    if (!found.verdict.passed) throw toGateError(definition.name, found.verdict);
    return { value: found, text: describeVerdict(found), facts: { ...found.verdict } };
  });
  return step("artifact", async () => {
    const found = await artifactStep(store, candidate, judged.champion);
    return { value: found.artifact, kept: !found.moved, ...describePromotion(found) };
  });
}
