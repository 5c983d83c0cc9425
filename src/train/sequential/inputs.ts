import { createHash } from "node:crypto";
import { type Digest, digestOfJson } from "../../base/digest.ts";
import type { SequentialTrainer, TrainContext } from "../types.ts";

/** Of everything that the result depends on but the machine: settings, pixels, classes and split. */
export function digestInputs(trainer: SequentialTrainer, { examples, split }: TrainContext): Digest {
  const digest = (array: Uint8Array | Int32Array): string =>
    createHash("sha256")
      .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
      .digest("hex");
  const { height, width, channels, labels } = examples;
  return digestOfJson({
    trainer,
    examples: { height, width, channels, labels, pixels: digest(examples.pixels), targets: digest(examples.targets) },
    split: { train: digest(split.train), validation: digest(split.validation) },
  });
}
