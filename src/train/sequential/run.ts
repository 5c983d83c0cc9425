/** @file The loop of `sequential`: starts the workers, runs the epochs, judges each, keeps checkpoints, exports the model. */
import { availableParallelism } from "node:os";
import { createHash } from "node:crypto";
import { type Digest, digestOfJson } from "../../base/digest.ts";
import { exportModel } from "../../model/export.ts";
import { createInitialParameters } from "../../model/initial.ts";
import { planNetwork } from "../../model/network.ts";
import { trainInterrupted, trainNoRows, trainWorkerFailed } from "../errors.ts";
import { evaluate, toMetrics } from "../evaluate.ts";
import type { StepOptions } from "../step.ts";
import type { EpochRecord, SequentialTrainer, TrainContext, Trained } from "../types.ts";
import {
  type Checkpoint,
  checkpointPath,
  type Position,
  readCheckpoint,
  removeCheckpoint,
  writeCheckpoint,
} from "./checkpoint.ts";
import { explainDivergence } from "./diverged.ts";
import type { WorkerStart } from "./messages.ts";
import { watch } from "./progress.ts";
import type { EpochEnd, RunPlan } from "./shard.ts";
import { askToStop, countSteps, createShared, type Shared, shardOf } from "./shared.ts";
import { startTeam, type Team } from "./team.ts";
import { stateCount } from "./update.ts";

/**
 * Trains and gives the model. The same trainer, data, seed and number of workers give the same bytes on one machine, whether or
 * not the run was interrupted in between.
 */
export async function trainSequential(trainer: SequentialTrainer, context: TrainContext): Promise<Trained> {
  const { examples, split, workspace, signal } = context;
  const input = { channels: examples.channels, height: examples.height, width: examples.width };
  const network = planNetwork({ layers: trainer.layers, input, classes: examples.labels.length });
  if (split.train.length === 0) throw trainNoRows({ rows: examples.count });
  const inputs = digestInputs(trainer, context);
  const saved = context.resume ? await readCheckpoint(workspace, inputs) : undefined;
  if (saved === undefined) await removeCheckpoint(workspace);
  refuseStopped(signal, null);

  const plan = toRunPlan(trainer, split.train);
  const workers = saved?.workers ?? countWorkers(trainer, plan.batch);
  const team = await startTeam(
    describeWorkers(trainer, context, plan, workers, saved?.engine ?? trainer.engine, network),
  );
  const run: Run = { trainer, context, plan, workers, team, inputs, shared: share(team, trainer, workers) };
  const stop = (): void => askToStop(run.shared);
  signal.addEventListener("abort", stop);
  try {
    if (signal.aborted) stop();
    await team.join(run.shared);
    if (saved === undefined) {
      await team.askFirst({ kind: "load", parameters: createInitialParameters(network, trainer.seed) });
    } else restore(run.shared, saved);
    return await runEpochs(run, saved);
  } finally {
    signal.removeEventListener("abort", stop);
    await team.close();
  }
}

interface Run {
  trainer: SequentialTrainer;
  context: TrainContext;
  plan: RunPlan;
  workers: number;
  team: Team;
  shared: Shared;
  inputs: Digest;
}

/** The model of one epoch as it is served, and how it does on the validation rows. */
type Judged = Pick<Trained, "model" | "signature" | "metrics"> & Partial<Pick<Trained, "confusion">>;

async function runEpochs(run: Run, saved: Checkpoint | undefined): Promise<Trained> {
  const { trainer, context, plan, workers, shared, team } = run;
  const history: EpochRecord[] = [...(saved?.history ?? [])];
  let best = saved?.bestEpoch === undefined ? undefined : { epoch: saved.bestEpoch, parameters: saved.arrays.best };
  let writing: Promise<void> | undefined;
  const keep = async (position: Position): Promise<void> => {
    await writing;
    const checkpoint = toCheckpoint(run, position, history, best);
    writing = writeCheckpoint(context.workspace, checkpoint);
    // Awaited before the next one and at the end; a rejection in between is not unhandled.
    writing.catch(() => {});
  };
  const progress = watch(shared, plan, context.report);
  try {
    let judged: Judged | undefined;
    let begun = { lossSum: saved?.lossSum ?? 0, seconds: saved?.seconds ?? 0, step: saved?.step ?? 0 };
    for (let epoch = saved?.epoch ?? 0; epoch < plan.epochs; epoch++) {
      countSteps(shared, begun.step);
      shared.losses[workers] = begun.lossSum;
      progress.begin(epoch, begun.step);
      const started = performance.now();
      const end = await runEpoch(team, epoch, begun.step);
      const seconds = begun.seconds + (performance.now() - started) / 1000;
      // The last epoch's checkpoint was written meanwhile; from here on no more than this one can be lost.
      await writing;
      const lossSum = shared.losses[workers] ?? Number.NaN;
      if (end.ended === "diverged")
        throw explainDivergence(trainer, { epoch, end, epochSteps: plan.epochSteps, history });
      if (end.ended === "stopped") {
        await keep({ epoch, step: end.step, lossSum, seconds });
        await writing;
        throw interrupted(run, epoch, end.step);
      }
      averageStatistics(run);
      judged = await judge(run);
      const { accuracy, loss: validationLoss } = judged.metrics;
      const record: EpochRecord = {
        epoch: epoch + 1,
        loss: lossSum / plan.epochSteps,
        ...(accuracy !== undefined && { accuracy }),
        ...(validationLoss !== undefined && { validationLoss }),
        samplesPerSecond: (plan.epochSteps * plan.batch) / seconds,
        seconds,
      };
      history.push(record);
      if (trainer.keep === "best" && isBest(history)) {
        best = { epoch, parameters: concatenate(shared.parameters, shared.statistics) };
      }
      progress.end(record);
      begun = { lossSum: 0, seconds: 0, step: 0 };
      await keep({ epoch: epoch + 1, ...begun });
      if (context.signal.aborted && epoch + 1 < plan.epochs) {
        await writing;
        throw interrupted(run, epoch + 1, 0);
      }
    }
    await writing;
    if (best !== undefined && best.epoch !== plan.epochs - 1) {
      shared.parameters.set(best.parameters.subarray(0, shared.parameters.length));
      shared.statistics.set(best.parameters.subarray(shared.parameters.length));
      judged = undefined;
    }
    judged ??= await judge(run);
    await removeCheckpoint(context.workspace);
    return { ...judged, history, parameters: resolvedParameters(run), seed: trainer.seed };
  } finally {
    progress.stop();
    // Nothing may be written after the run is over. A failure to was thrown above, or another error outweighs it.
    await writing?.catch(() => {});
  }
}

async function runEpoch(team: Team, epoch: number, step: number): Promise<EpochEnd> {
  const answers = await team.askAll({ kind: "epoch", epoch, step });
  const ends = answers.flatMap((answer) => (answer.kind === "epoch" ? [answer.end] : []));
  const end = ends.find(({ ended }) => ended === "diverged") ?? ends[0];
  if (end === undefined) throw trainWorkerFailed({ worker: 0, reason: "it did not say how the epoch ended" });
  return end;
}

/** Exports what is in the shared memory, and runs the file on the validation rows. */
async function judge({ trainer, context, shared, workers, team }: Run): Promise<Judged> {
  const { examples, split } = context;
  const answer = await team.askFirst({ kind: "save" });
  const { model, signature } = exportModel({
    layers: trainer.layers,
    loss: trainer.loss,
    input: { channels: examples.channels, height: examples.height, width: examples.width },
    labels: examples.labels,
    parameters: answer.kind === "saved" ? answer.parameters : [],
    statistics: shared.statistics.slice(0, shared.statistics.length / workers),
  });
  const evaluation = await evaluate(model, signature, examples, split.validation, { threads: workers });
  if (evaluation === undefined) return { model, signature, metrics: {} };
  return { model, signature, metrics: toMetrics(evaluation), confusion: evaluation.confusion };
}

/**
 * Each worker's running statistics are of its own shards. They follow the batches linearly, so one average at an epoch's end is
 * that of all batches. A run that is stopped within an epoch keeps them apart, to go on to the same bits.
 */
function averageStatistics({ shared, workers, plan }: Run): void {
  const length = shared.statistics.length / workers;
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let k = 0; k < workers; k++) {
      const { from, to } = shardOf(plan.batch, workers, k);
      sum += ((shared.statistics[k * length + i] ?? 0) * (to - from)) / plan.batch;
    }
    for (let k = 0; k < workers; k++) shared.statistics[k * length + i] = sum;
  }
}

function toRunPlan(trainer: SequentialTrainer, train: Int32Array): RunPlan {
  const rows = new Int32Array(new SharedArrayBuffer(4 * train.length));
  rows.set(train);
  const batch = Math.min(trainer.batch, rows.length);
  const { optimizer, schedule, seed, epochs } = trainer;
  return { optimizer, schedule, seed, rows, batch, epochs, epochSteps: Math.ceil(rows.length / batch) };
}

/** One per core, as far as each gets 8 rows of a batch: below that, exchanging gradients costs more than it saves. */
function countWorkers({ workers }: SequentialTrainer, batch: number): number {
  if (workers > 0) return Math.min(workers, batch);
  return Math.max(1, Math.min(availableParallelism(), Math.floor(batch / 8)));
}

function describeWorkers(
  trainer: SequentialTrainer,
  { examples }: TrainContext,
  plan: RunPlan,
  workers: number,
  engine: WorkerStart["engine"],
  network: ReturnType<typeof planNetwork>,
): WorkerStart[] {
  const { channels, height, width } = examples;
  const image = { channels, height, width };
  const learned = network.parameters.reduce(
    (all, { shape }) => all + shape.reduce((product, size) => product * size, 1),
    0,
  );
  const perSlice = Math.ceil(Math.max(learned * 1.25, learned + 65_536) / workers);
  const scratch = (stateCount(trainer.optimizer) + 2) * perSlice + 2 * channels * height * width + 1024;
  const pixels = toShared(examples.pixels);
  const targets = toShared(examples.targets);
  return Array.from({ length: workers }, (_, index) => {
    const { from, to } = shardOf(plan.batch, workers, index);
    const step: StepOptions = {
      layers: trainer.layers,
      loss: trainer.loss,
      input: image,
      classes: examples.labels.length,
      rows: to - from,
      batch: plan.batch,
      scratch,
    };
    return {
      index,
      engine,
      step,
      plan,
      feed: { pixels, targets, image, augment: trainer.augment, seed: trainer.seed },
    };
  });
}

/** Memory that threads see without a copy each. */
function toShared<T extends Uint8Array | Int32Array>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const buffer = new SharedArrayBuffer(array.byteLength);
  const copy = (array instanceof Uint8Array ? new Uint8Array(buffer) : new Int32Array(buffer)) as T;
  copy.set(array);
  return copy;
}

function share(team: Team, trainer: SequentialTrainer, workers: number): Shared {
  const first = team.opened[0];
  const shared = createShared({
    workers,
    parameters: first?.parameters ?? 0,
    states: stateCount(trainer.optimizer),
    statistics: first?.statistics.length ?? 0,
  });
  for (const [k, { statistics }] of team.opened.entries()) shared.statistics.set(statistics, k * statistics.length);
  return shared;
}

function restore(shared: Shared, { arrays }: Checkpoint): void {
  shared.parameters.set(arrays.parameters);
  shared.states.set(arrays.states);
  shared.statistics.set(arrays.statistics);
}

function toCheckpoint(
  { inputs, workers, team, shared }: Run,
  position: Position,
  history: readonly EpochRecord[],
  best: { epoch: number; parameters: Float32Array } | undefined,
): Checkpoint {
  return {
    inputs,
    engine: team.opened[0]?.engine ?? "graph",
    workers,
    ...position,
    history: [...history],
    ...(best !== undefined && { bestEpoch: best.epoch }),
    arrays: {
      // The workers go on while this is written.
      parameters: shared.parameters.slice(),
      states: shared.states.slice(),
      statistics: shared.statistics.slice(),
      best: best?.parameters ?? new Float32Array(0),
    },
  };
}

/** Of everything that the result depends on but the machine: settings, pixels, classes and split. */
function digestInputs(trainer: SequentialTrainer, { examples, split }: TrainContext): Digest {
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

function resolvedParameters({ trainer, workers, plan, team }: Run): Record<string, unknown> {
  const { kind: _, seed: __, ...settings } = trainer;
  return { ...settings, batch: plan.batch, workers, engine: team.opened[0]?.engine ?? trainer.engine };
}

/** The last record is better than all before it. */
function isBest(history: readonly EpochRecord[]): boolean {
  const last = history.at(-1)?.accuracy ?? 0;
  return history.slice(0, -1).every(({ accuracy }) => (accuracy ?? 0) < last);
}

function concatenate(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function interrupted({ context, plan }: Run, epoch: number, step: number): Error {
  const at = `in epoch ${epoch + 1} of ${plan.epochs}, after ${step} of its ${plan.epochSteps} steps`;
  return trainInterrupted({ at, checkpoint: checkpointPath(context.workspace) });
}

function refuseStopped(signal: AbortSignal, checkpoint: string | null): void {
  if (signal.aborted) throw trainInterrupted({ at: "before it began", checkpoint });
}
