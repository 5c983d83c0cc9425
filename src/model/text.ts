/** @file What is done to a text before a model sees it. The same in training, in validation and in the server. */
import type { Content } from "./signature.ts";

/**
 * Lower case by Unicode's rules where the model wants it (`İ` becomes two characters, a Σ at a word's end ς): the runtime's own operator
 * depends on the locales that a machine has. NUL becomes a space: onnxruntime's strings end there.
 */
export function prepareText(
  text: string,
  { lowercase = false }: Pick<Content & { kind: "text" }, "lowercase">,
): string {
  const whole = text.includes("\0") ? text.replaceAll("\0", " ") : text;
  return lowercase ? whole.toLowerCase() : whole;
}
