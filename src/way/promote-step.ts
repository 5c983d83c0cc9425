import { toGateError } from "../artifact/gate.ts";
import type { Artifact, Store } from "../artifact/types.ts";
import { shortDigest } from "../base/digest.ts";
import type { ProjectDefinition } from "../project/types.ts";
import { artifactStep } from "./artifact-step.ts";
import type { RunStep } from "./clock.ts";
import { describePromotion } from "./describe.ts";
import { describeVerdict, type GateData, gateStep } from "./gate-step.ts";

/**
 * Gate and artifact: ends with the candidate being the champion of its store. Throws `gateFailed` where the gate holds it back; the champion stays as it
 * was then. It stays, too, where the gate asks for more than the candidate is better by: then it is what is given back.
 */
export async function promoteStep(
  definition: ProjectDefinition,
  candidate: Artifact,
  store: Store,
  step: RunStep,
  data?: GateData,
): Promise<Artifact> {
  const judged = await step("gate", async () => {
    const found = await gateStep(definition, candidate, store, data);
    if (!found.verdict.passed) throw toGateError(definition.name, found.verdict);
    return { value: found, text: describeVerdict(found), facts: { ...found.verdict } };
  });
  const { champion, verdict } = judged;
  return step("artifact", async () => {
    if (verdict.keepsChampion === true && champion !== undefined) {
      const told = describePromotion({ artifact: champion, moved: false });
      return {
        value: champion,
        kept: true,
        ...told,
        text: `${champion.name}@${shortDigest(champion.digest)} stays the champion`,
      };
    }
    const found = await artifactStep(store, candidate, champion);
    return { value: found.artifact, kept: !found.moved, ...describePromotion(found) };
  });
}
