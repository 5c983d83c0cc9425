/** @file The loop of every trainer that learns by steps: starts the workers, runs the epochs, judges each, keeps checkpoints, exports the model. */
import { createInitialParameters } from "../../model/initial.ts";
import { trainInterrupted, trainNoRows, trainWorkerFailed } from "../errors.ts";
import type { EpochRecord, Optimizer, Trained } from "../types.ts";
import {
  type Checkpoint,
  checkpointPath,
  type Position,
  readCheckpoint,
  removeCheckpoint,
  writeCheckpoint,
} from "./checkpoint.ts";
import { explainDivergence } from "./diverged.ts";
import { countWorkers, describeWorkers, toRunPlan } from "./plan.ts";
import { watch } from "./progress.ts";
import type { EpochEnd, RunPlan } from "./shard.ts";
import { askToStop, countSteps, createShared, type Shared } from "./shared.ts";
import { averageStatistics } from "./statistics.ts";
import type { Judged, Task } from "./task.ts";
import { startTeam, type Team } from "./team.ts";
import { stateCount } from "./update.ts";

/**
 * Trains and gives the model. The same task and number of workers give the same bytes on one machine, whether or not the run was
 * interrupted in between.
 */
export async function trainByLoop(task: Task): Promise<Trained> {
  const { settings, context, inputs } = task;
  const { split, workspace, signal } = context;
  if (split.train.length === 0) throw trainNoRows({ rows: task.count });
  const saved = context.resume ? await readCheckpoint(workspace, inputs) : undefined;
  if (saved === undefined) await removeCheckpoint(workspace);
  refuseStopped(signal, null);

  const plan = toRunPlan(settings, split.train);
  const workers = saved?.workers ?? countWorkers(settings, plan.batch);
  const team = await startTeam(describeWorkers(task, plan, workers, saved?.engine ?? settings.engine));
  const run: Run = { task, plan, workers, team, shared: share(team, settings.optimizer, workers) };
  const stop = (): void => askToStop(run.shared);
  signal.addEventListener("abort", stop);
  try {
    if (signal.aborted) stop();
    await team.join(run.shared);
    if (saved === undefined) {
      await team.askFirst({ kind: "load", parameters: createInitialParameters(task.network, settings.seed) });
    } else restore(run.shared, saved);
    return await runEpochs(run, saved);
  } finally {
    signal.removeEventListener("abort", stop);
    await team.close();
  }
}

interface Run {
  task: Task;
  plan: RunPlan;
  workers: number;
  team: Team;
  shared: Shared;
}

async function runEpochs(run: Run, saved: Checkpoint | undefined): Promise<Trained> {
  const { task, plan, workers, shared, team } = run;
  const { settings, context } = task;
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
        throw explainDivergence(settings, { epoch, end, epochSteps: plan.epochSteps, history });
      if (end.ended === "stopped") {
        await keep({ epoch, step: end.step, lossSum, seconds });
        await writing;
        throw interrupted(run, epoch, end.step);
      }
      averageStatistics(run);
      judged = await judge(run);
      const record: EpochRecord = {
        epoch: epoch + 1,
        loss: lossSum / plan.epochSteps,
        ...judged.record,
        samplesPerSecond: (plan.epochSteps * plan.batch) / seconds,
        seconds,
      };
      history.push(record);
      if (settings.keep === "best" && isBest(history)) {
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
    const { record: _, ...trained } = judged;
    return { ...trained, history, parameters: resolvedParameters(run), seed: settings.seed };
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

function share(team: Team, optimizer: Optimizer, workers: number): Shared {
  const first = team.opened[0];
  const shared = createShared({
    workers,
    parameters: first?.parameters ?? 0,
    states: stateCount(optimizer),
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
  { task, workers, team, shared }: Run,
  position: Position,
  history: readonly EpochRecord[],
  best: { epoch: number; parameters: Float32Array } | undefined,
): Checkpoint {
  return {
    inputs: task.inputs,
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

function resolvedParameters({ task, workers, plan, team }: Run): Record<string, unknown> {
  const { kind: _, seed: __, ...settings } = task.settings;
  return { ...settings, batch: plan.batch, workers, engine: team.opened[0]?.engine ?? settings.engine };
}

/** The last record is better than all before it. Without validation rows none is, and the last epoch's model is given. */
function isBest(history: readonly EpochRecord[]): boolean {
  const scores = history.map(({ accuracy, meanAveragePrecision }) => accuracy ?? meanAveragePrecision);
  const last = scores.at(-1);
  return last !== undefined && scores.slice(0, -1).every((score = 0) => score < last);
}

/** What is in the shared memory as a model that is served, judged on the validation rows. */
async function judge({ task, shared, workers, team }: Run): Promise<Judged> {
  const answer = await team.askFirst({ kind: "save" });
  const parameters = answer.kind === "saved" ? answer.parameters : [];
  const statistics = shared.statistics.slice(0, shared.statistics.length / workers);
  return task.judge({ parameters, statistics }, workers);
}

function concatenate(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function interrupted({ task: { context }, plan }: Run, epoch: number, step: number): Error {
  const at = `in epoch ${epoch + 1} of ${plan.epochs}, after ${step} of its ${plan.epochSteps} steps`;
  return trainInterrupted({ at, checkpoint: checkpointPath(context.workspace) });
}

function refuseStopped(signal: AbortSignal, checkpoint: string | null): void {
  if (signal.aborted) throw trainInterrupted({ at: "before it began", checkpoint });
}
