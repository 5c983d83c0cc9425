/** @file Servers in turns under the same load: what each answers in a second, how fast, how right, and what it weighs. */
import { runLoad, type LoadResult } from "../../src/testing/load.ts";
import { freePort, start, waitForAnswer, watchMemory } from "./process.ts";
import { formatNumber, formatSummary, summarise, type Summary } from "./stats.ts";
import { formatTable } from "./table.ts";

export interface ServeRow {
  candidate: string;
  requestsPerSecond: Summary;
  /** Milliseconds, median of the rounds. */
  p50: number;
  p99: number;
  /** Seconds from starting the command to its first answer. */
  ready: Summary;
  /** All processes, highest sum seen under load. */
  memoryMB: number;
  /** Answers that were wrong or missing, over all rounds. */
  errors: number;
  requests: number;
  oursTimes: number;
}

export interface Candidate {
  name: string;
  /** Path that answers when it is ready. */
  health: string;
  command: (port: number) => { file: string; args: string[]; env?: Record<string, string>; cwd?: string };
}

export interface Questions {
  /** Whole HTTP/1.1 requests, taken in turn. */
  requests: readonly Uint8Array[];
  /** Whether the body that came back for request `index` is the right answer. */
  isRight: (index: number, body: string) => boolean;
}

interface Round {
  load: LoadResult;
  ready: number;
  memoryMB: number;
}

/** The first candidate is ours; `only` names those that run beside it. */
export async function compareServers(
  all: readonly Candidate[],
  questions: Questions,
  options: { rounds: number; seconds: number; connections: number; only: readonly string[] },
): Promise<{ rows: ServeRow[]; table: string }> {
  const { only } = options;
  const candidates = all.filter(({ name }, index) => only.length === 0 || index === 0 || only.includes(name));
  const rounds = new Map<string, Round[]>(candidates.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const candidate of candidates) {
      const result = await runRound(candidate, questions, options);
      rounds.get(candidate.name)!.push(result);
      const { load } = result;
      process.stderr.write(
        `round ${round + 1}/${options.rounds} ${candidate.name}: ${formatNumber(load.requestsPerSecond)} requests/s, ` +
          `p50 ${formatNumber(load.latency.p50)} ms, p99 ${formatNumber(load.latency.p99)} ms, ${load.wrong + load.failed} errors, ` +
          `${formatNumber(result.memoryMB)} MB, ready in ${formatNumber(result.ready)} s\n`,
      );
    }
  }
  return summariseRounds(rounds);
}

async function runRound(
  candidate: Candidate,
  { requests, isRight }: Questions,
  options: { seconds: number; connections: number },
): Promise<Round> {
  const port = await freePort();
  const { file, args, env, cwd } = candidate.command(port);
  const started = start(file, args, { ...(cwd !== undefined && { cwd }), env: { ...env, PORT: String(port) } });
  try {
    const ready = await waitForAnswer(`http://127.0.0.1:${port}${candidate.health}`, started);
    const peak = watchMemory(started.child.pid ?? 0);
    const load = await runLoad({
      host: "127.0.0.1",
      port,
      connections: options.connections,
      seconds: options.seconds,
      warmupSeconds: 2,
      requests,
      check: (index, _status, body) => isRight(index, body),
    });
    return { load, ready, memoryMB: peak() };
  } finally {
    await started.stop();
  }
}

function summariseRounds(rounds: ReadonlyMap<string, Round[]>): { rows: ServeRow[]; table: string } {
  const rate = ({ load }: Round): number => load.requestsPerSecond;
  const ours = [...rounds.values()][0]!.map(rate);
  const rows = [...rounds].map(([candidate, all]): ServeRow => {
    const median = (pick: (round: Round) => number): number => summarise(all.map(pick)).median;
    return {
      candidate,
      requestsPerSecond: summarise(all.map(rate)),
      p50: median(({ load }) => load.latency.p50),
      p99: median(({ load }) => load.latency.p99),
      ready: summarise(all.map(({ ready }) => ready)),
      memoryMB: Math.max(...all.map(({ memoryMB }) => memoryMB)),
      errors: all.reduce((sum, { load }) => sum + load.wrong + load.failed, 0),
      requests: all.reduce((sum, { load }) => sum + load.requests, 0),
      oursTimes: summarise(all.map((round, index) => ours[index]! / rate(round))).median,
    };
  });
  const table = formatTable(
    ["candidate", "requests/s: median (range)", "ours ×", "p50 ms", "p99 ms", "RSS MB", "ready s", "errors", "of"],
    rows.map((row) => [
      row.candidate,
      formatSummary(row.requestsPerSecond),
      formatNumber(row.oursTimes),
      formatNumber(row.p50),
      formatNumber(row.p99),
      formatNumber(row.memoryMB),
      formatNumber(row.ready.median),
      String(row.errors),
      String(row.requests),
    ]),
  );
  return { rows, table };
}
