import { canonicalJson } from "../base/digest.ts";
import type { ModelRoute, Prediction } from "../project/types.ts";
import { classify } from "../serve/prediction.ts";

/**
 * Reads the label out of a route's answers, whatever its `output` makes of a prediction: an answer is compared with what
 * `output` gives for each label, leaving out what changes with the probabilities alone. Undefined where no label can be
 * told from the answers.
 */
export async function createAnswerReader(
  route: Pick<ModelRoute, "output">,
  labels: readonly string[],
): Promise<((answer: unknown) => string | undefined) | undefined> {
  const output = route.output ?? ((prediction: Prediction) => prediction);
  const answerAll = (probability: number): Promise<Map<string, string>[]> =>
    Promise.all(labels.map(async (label) => flatten(await output(predict(label, labels, probability)))));
  const [sure, unsure] = await Promise.all([answerAll(1), answerAll(0.625)]);
  const steady = [...new Set(sure.flatMap((leaves) => [...leaves.keys()]))].filter((path) =>
    sure.every((leaves, index) => leaves.get(path) === unsure[index]?.get(path)),
  );
  const key = (leaves: ReadonlyMap<string, string>): string =>
    canonicalJson(steady.map((path) => leaves.get(path) ?? null));
  const known = new Map(sure.map((leaves, index) => [key(leaves), labels[index] ?? ""]));
  if (known.size < labels.length) return undefined;
  return (answer) => known.get(key(flatten(answer)));
}

function predict(label: string, labels: readonly string[], probability: number): Prediction {
  const rest = labels.length > 1 ? (1 - probability) / (labels.length - 1) : 0;
  const row = Float64Array.from(labels, (each) => (each === label ? probability : rest));
  return classify("the model", labels, row);
}

/** Leaves by their path, as they come back over the wire. */
function flatten(value: unknown): Map<string, string> {
  const leaves = new Map<string, string>();
  const walk = (inner: unknown, path: string): void => {
    if (typeof inner === "object" && inner !== null)
      for (const [key, child] of Object.entries(inner)) walk(child, `${path}/${key}`);
    else leaves.set(path, JSON.stringify(inner) ?? "");
  };
  const text = JSON.stringify(value);
  walk(text === undefined ? null : JSON.parse(text), "");
  return leaves;
}
