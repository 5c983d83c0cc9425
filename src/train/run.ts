import type { TrainContext, Trained, Trainer } from "./types.ts";

/** Runs a trainer of any kind on the examples. Each kind is loaded when it is needed. */
export async function runTrainer(trainer: Trainer, context: TrainContext): Promise<Trained> {
  return await (kinds[trainer.kind] as RunKind<Trainer>)(trainer, context);
}

type RunKind<T extends Trainer> = (trainer: T, context: TrainContext) => Promise<Trained>;

/** One line for each kind of trainer. */
const kinds: { readonly [K in Trainer["kind"]]: RunKind<Extract<Trainer, { kind: K }>> } = {
  sequential: async (trainer, context) => (await import("./sequential/run.ts")).trainSequential(trainer, context),
  command: async (trainer, context) => (await import("./command/run.ts")).trainByCommand(trainer, context),
};
