import { createHash } from "node:crypto";
import { type Digest, digestOfJson } from "../../base/digest.ts";
import type { Examples, Pixels, Split } from "../../data/types.ts";

type Numbers = Uint8Array | Int32Array | Float32Array;

/** Of everything that the result depends on but the machine: settings, pixels, what they are to be told as, and split. */
export function digestInputs(
  trainer: object,
  examples: Pixels & Pick<Examples, "labels">,
  split: Split,
  targets: Readonly<Record<string, Numbers>>,
): Digest {
  const digest = (array: Numbers): string =>
    createHash("sha256")
      .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
      .digest("hex");
  const { height, width, channels, labels, pixels } = examples;
  const wanted = Object.fromEntries(Object.entries(targets).map(([name, array]) => [name, digest(array)]));
  return digestOfJson({
    trainer,
    examples: { height, width, channels, labels, pixels: digest(pixels), ...wanted },
    split: { train: digest(split.train), validation: digest(split.validation) },
  });
}
