/** @file Weights that were trained elsewhere, as a model like any other. */
import { availableParallelism } from "node:os";
import { isUrl, plainUrl } from "../../data/file/url.ts";
import type { FileExamples } from "../../data/types.ts";
import { createSession } from "../../graph/run.ts";
import { openStateDict } from "../../model/pytorch/state-dict.ts";
import { buildSsd300, type Ssd300 } from "../../model/ssd/build.ts";
import { trainInterrupted } from "../errors.ts";
import type { TrainContext, Trained } from "../types.ts";
import { weightsNotRunning, weightsOfOtherClasses } from "./errors.ts";
import type { Ssd300Network, WeightsTrainer } from "./types.ts";

/**
 * Reads the file and builds the network around its weights. There is nothing to judge it on, so its only metric is the number of
 * `parameters`; that it runs is tried on one image. Throws what the reader and the network refuse, `weightsOfOtherClasses`,
 * `weightsNotRunning` or `trainInterrupted`.
 */
export async function trainByWeights(trainer: WeightsTrainer, context: TrainContext<FileExamples>): Promise<Trained> {
  const { examples, report, signal } = context;
  const { source, network, key, prefix, parameters } = trainer;
  const stopIfAsked = (): void => {
    if (signal.aborted) throw trainInterrupted({ at: "before the model was built", checkpoint: null });
  };
  stopIfAsked();
  report({ step: "train", label: "read the weights" });
  const built = await build(examples.path, trainer);
  const { classes } = network;
  if (classes !== 0 && classes !== built.classes) throw weightsOfOtherClasses({ seen: built.classes, wanted: classes });
  stopIfAsked();
  report({ step: "train", label: "try the model on an image" });
  await tryModel(built);
  return {
    model: built.model,
    signature: built.signature,
    metrics: { parameters: built.parameters },
    history: [],
    parameters: {
      ...parameters,
      weights: {
        path: isUrl(source.path) ? plainUrl(source.path) : source.path,
        size: source.size,
        digest: source.digest,
      },
      network,
      ...(key !== "" && { key }),
      ...(prefix !== undefined && { prefix }),
    },
    seed: trainer.seed,
  };
}

async function build(path: string, { network, key, prefix }: WeightsTrainer): Promise<Ssd300> {
  const weights = await openStateDict(path, { ...(key !== "" && { key }), ...(prefix !== undefined && { prefix }) });
  try {
    return await buildSsd300(weights, toOptions(network));
  } finally {
    await weights.close();
  }
}

function toOptions({ labels, priors }: Ssd300Network): Parameters<typeof buildSsd300>[1] {
  return { ...(labels.length > 0 && { labels }), ...(priors !== "auto" && { priors }) };
}

/** A grey image must give finite numbers: weights that overflowed do not get further. */
async function tryModel({ model, signature }: Ssd300): Promise<void> {
  const session = await createSession(model, { name: "the model", threads: availableParallelism(), arena: false });
  try {
    const shape = [1, ...(signature.inputs[0]?.shape.slice(1) ?? [])];
    const data = new Uint8Array(shape.reduce((all, size) => all * size, 1)).fill(128);
    const { detections } = await session.run({ image: { type: "uint8", shape, data } });
    const numbers = Array.from(detections?.data ?? [], Number);
    if (!numbers.every(Number.isFinite)) throw weightsNotRunning({ seen: "numbers that are not finite" });
  } finally {
    await session.release();
  }
}
