/** @file Brings your own trainer: runs the program, then judges what it wrote as any other model. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findSlipwayError } from "../../base/errors.ts";
import { readSignature } from "../../model/signature-of.ts";
import type { Signature } from "../../model/signature.ts";
import {
  commandMetricsDisagree,
  commandWroteNoModel,
  modelNotServable,
  trainInterrupted,
  trainNoRows,
} from "../errors.ts";
import { evaluate, type Evaluation, toMetrics } from "../evaluate.ts";
import type { CommandTrainer, EpochRecord, TrainContext, Trained } from "../types.ts";
import { readMetrics } from "./metrics.ts";
import { parseEpoch, toProgress } from "./output.ts";
import { runCommand } from "./process.ts";

/** How far the accuracy that a command claims may be from the one measured here: decoders and resizing differ a little. */
const tolerance = 0.02;

/**
 * Runs the command and gives its model. Accuracy and loss are measured here, on the validation rows, by the file it wrote; other
 * numbers of its metrics.json are taken as they are, and its own accuracy is kept as `claimedAccuracy`.
 */
export async function trainByCommand(trainer: CommandTrainer, context: TrainContext): Promise<Trained> {
  const { split, workspace, root, signal } = context;
  if (signal.aborted) throw trainInterrupted({ at: "before it began", checkpoint: null });
  const env = await prepareCommand(trainer, context);
  const log = join(workspace, "command.log");
  const history = createHistory(split.train.length);
  context.report({ step: "train", label: trainer.command.join(" ") });
  const printed = await runCommand({
    command: trainer.command,
    root,
    env,
    log,
    signal,
    onLine(line) {
      history.read(line);
      context.report(toProgress(line));
    },
  });
  return finishCommand(trainer, context, { printed, log, history: history.records });
}

/** Makes the folder that the command writes into, and gives the environment that it is run in. Throws `trainNoRows`. */
export async function prepareCommand(
  trainer: CommandTrainer,
  context: Pick<TrainContext, "folder" | "paths" | "split" | "workspace">,
): Promise<Record<string, string>> {
  const { split, workspace, folder, paths } = context;
  if (split.train.length === 0) throw trainNoRows({ rows: split.validation.length });
  const places = placesIn(workspace);
  await rm(places.output, { recursive: true, force: true });
  await mkdir(places.output, { recursive: true });
  const list = (rows: Int32Array): (string | undefined)[] => Array.from(rows, (row) => paths[row]);
  await writeFile(places.split, JSON.stringify({ train: list(split.train), validation: list(split.validation) }));
  return describeCommand(trainer, { folder, workspace });
}

/** The environment by which the command learns what it needs; the split is a file, as it may be long. */
export function describeCommand(
  { parameters, seed }: CommandTrainer,
  { folder, workspace }: Pick<TrainContext, "folder" | "workspace">,
): Record<string, string> {
  const { output, split } = placesIn(workspace);
  return {
    SLIPWAY_DATA: folder,
    SLIPWAY_OUTPUT: output,
    SLIPWAY_PARAMETERS: JSON.stringify(parameters),
    SLIPWAY_SEED: String(seed),
    SLIPWAY_SPLIT: split,
    // Else Python keeps its output back until it ends, and no progress shows.
    PYTHONUNBUFFERED: "1",
  };
}

export interface CommandEnd {
  /** Its last lines, for errors. */
  printed: string;
  /** Where all of them are. */
  log: string;
  history: readonly EpochRecord[];
}

/** What the command wrote, held to what it must be, and measured. */
export async function finishCommand(
  trainer: CommandTrainer,
  context: TrainContext,
  { printed, log, history }: CommandEnd,
): Promise<Trained> {
  const { split, workspace } = context;
  const { output } = placesIn(workspace);
  const path = join(output, "model.onnx");
  const model = await readModelFile(path, trainer, { folder: output, log, printed });
  const claimed = await readMetrics(join(output, "metrics.json"), printed);
  const signature = readServable(model, { path, printed, context });
  context.report({ step: "train", label: `check the model on ${split.validation.length} images` });
  const evaluation = await judge(model, signature, { path, printed, context });
  return {
    model,
    signature,
    ...combine(claimed, evaluation, split.validation.length, printed),
    history,
    parameters: { command: trainer.command, parameters: trainer.parameters, validation: trainer.validation },
    seed: trainer.seed,
  };
}

function placesIn(workspace: string): { output: string; split: string } {
  return { output: join(workspace, "output"), split: join(workspace, "split.json") };
}

async function readModelFile(
  path: string,
  { command }: CommandTrainer,
  { folder, log, printed }: { folder: string; log: string; printed: string },
): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const found = await readdir(folder).catch(() => []);
    throw commandWroteNoModel({ command: command.join(" "), path, found, output: printed, log }, { cause: error });
  }
}

interface Place {
  path: string;
  printed: string;
  context: TrainContext;
}

/** The file's signature, if an image of the dataset goes in and a probability for each label comes out. */
function readServable(model: Uint8Array, { path, printed, context }: Place): Signature {
  const { height, width, channels, labels } = context.examples;
  const wanted = `one input [rows, ${height}, ${width}, ${channels}] of uint8 or float32 and one output [rows, ${labels.length}] of probabilities from a Softmax`;
  const refuse = (reason: string, cause?: unknown): Error =>
    modelNotServable({ path, reason, wanted, output: printed }, cause === undefined ? {} : { cause });
  let signature: Signature;
  try {
    signature = readSignature(model, labels);
  } catch (error) {
    throw refuse(findSlipwayError(error)?.message ?? String(error), error);
  }
  const [input, ...others] = signature.inputs;
  const image = input?.content;
  const seen = signature.inputs
    .map(({ name, datatype, shape }) => `${name} ${datatype} [${shape.join(", ")}]`)
    .join(", ");
  const fits =
    image?.kind === "image" && image.height === height && image.width === width && image.channels === channels;
  if (!fits || others.length > 0) throw refuse(`its input is ${seen} (-1 is variable)`);
  const outputs = signature.outputs.filter(({ content }) => content?.kind === "probabilities");
  const [output] = outputs;
  if (output === undefined) {
    throw refuse(
      `none of its outputs (${signature.outputs.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ")}) is of probabilities`,
    );
  }
  if (output.content?.kind === "probabilities" && output.content.labels.join("\n") !== labels.join("\n")) {
    throw refuse(`its labels are ${output.content.labels.join(", ")}, those of the data ${labels.join(", ")}`);
  }
  return signature;
}

/** Runs the validation rows, or one training row where there are none: a model that cannot run must not get further. */
async function judge(
  model: Uint8Array,
  signature: Signature,
  { path, printed, context }: Place,
): Promise<Evaluation | undefined> {
  const { examples, split } = context;
  const rows = split.validation.length > 0 ? split.validation : split.train.subarray(0, 1);
  const refuse = (reason: string, cause?: unknown): Error =>
    modelNotServable(
      { path, reason, wanted: "finite probabilities that add up to 1 for every row", output: printed },
      cause === undefined ? {} : { cause },
    );
  let evaluation: Evaluation | undefined;
  try {
    evaluation = await evaluate(model, signature, examples, rows, { threads: 1 });
  } catch (error) {
    throw refuse(findSlipwayError(error)?.message ?? String(error), error);
  }
  const sum = evaluation?.worstSum ?? 1;
  if (!(Math.abs(sum - 1) < 0.01)) throw refuse(`its numbers for one row add up to ${Number(sum.toPrecision(4))}`);
  return split.validation.length > 0 ? evaluation : undefined;
}

function combine(
  claimed: Readonly<Record<string, number>> | undefined,
  evaluation: Evaluation | undefined,
  rows: number,
  printed: string,
): Pick<Trained, "metrics"> & Partial<Pick<Trained, "confusion">> {
  if (evaluation === undefined) return { metrics: { ...claimed } };
  const measured = toMetrics(evaluation);
  const accuracy = claimed?.["accuracy"];
  if (accuracy === undefined) return { metrics: { ...claimed, ...measured }, confusion: evaluation.confusion };
  if (Math.abs(accuracy - evaluation.accuracy) > tolerance) {
    throw commandMetricsDisagree({ claimed: accuracy, measured: evaluation.accuracy, rows, output: printed });
  }
  return { metrics: { ...claimed, ...measured, claimedAccuracy: accuracy }, confusion: evaluation.confusion };
}

/** Epochs that the command prints, where they come with a loss, are its history. */
function createHistory(rows: number): { read(line: string): void; records: EpochRecord[] } {
  const records: EpochRecord[] = [];
  let before = performance.now();
  return {
    records,
    read(line) {
      const printed = parseEpoch(line);
      const loss = printed?.numbers["loss"];
      if (printed === undefined || loss === undefined) return;
      const { accuracy, validationLoss } = printed.numbers;
      const seconds = (performance.now() - before) / 1000;
      before = performance.now();
      records.push({
        epoch: printed.epoch,
        loss,
        ...(accuracy !== undefined && { accuracy }),
        ...(validationLoss !== undefined && { validationLoss }),
        samplesPerSecond: rows / Math.max(seconds, 1e-3),
        seconds,
      });
    },
  };
}
