/** @file A training of three containers: ours prepares, the user's runs the command, ours takes what it wrote. They share one folder. */
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset, Examples, Split } from "../../data/types.ts";
import type { TrainedDefinition } from "../../project/training.ts";
import { describeCommand, finishCommand, prepareCommand } from "../../train/command/run.ts";
import { requireKind } from "../../train/run.ts";
import type { CommandTrainer, TrainContext, Trained } from "../../train/types.ts";
import { imageNeedsCommand } from "../errors.ts";

/** Folders of the shared one. Whoever makes the Job needs to know them before any of them is there. */
const names = { data: "data", fetched: "fetched", run: "run", code: "project" } as const;

export function phasePlaces(work: string): { data: string; fetched: string; run: string; code: string } {
  return {
    data: join(work, names.data),
    fetched: join(work, names.fetched),
    run: join(work, names.run),
    code: join(work, names.code),
  };
}

/** Throws `imageNeedsCommand`. */
export function requireCommand({ name, train }: Pick<TrainedDefinition, "name" | "train">): CommandTrainer {
  if (train.kind === "command") return train;
  throw imageNeedsCommand({ name, seen: train.kind });
}

/** What the command's container is told. `fetched`: the data source reads for itself. */
export function describePhases(trainer: CommandTrainer, work: string, fetched: boolean): Record<string, string> {
  const { data, fetched: own, run } = phasePlaces(work);
  return describeCommand(trainer, { folder: fetched ? own : data, workspace: run });
}

/** Split, an empty folder for the model, and the project's own files. */
export async function prepare(
  trainer: CommandTrainer,
  { dataset, split }: { dataset: Dataset; split: Split },
  { work, root }: { work: string; root: string },
): Promise<void> {
  const { run, code } = phasePlaces(work);
  await mkdir(run, { recursive: true });
  const paths = dataset.entries.map(({ path }) => path);
  await prepareCommand(trainer, { folder: dataset.folder, paths, split, workspace: run });
  await cp(root, code, { recursive: true });
}

/** The command has run: its container failed otherwise, and this one was not started. */
export function finish(trainer: CommandTrainer): (context: TrainContext<Examples>) => Promise<Trained> {
  return (context) =>
    finishCommand(trainer, requireKind("command", context, "images"), {
      printed: "",
      log: "the log of the container `command`",
      history: [],
    });
}
