/** @file Watches an alias and exchanges the model when it moves. The one that serves stays until another is loaded. */
import { parseReference } from "../../artifact/reference.ts";
import { shortDigest } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import type { Logger } from "../../http/log.ts";
import type { Metrics } from "../../http/metrics.ts";
import type { ModelHost } from "../host.ts";
import type { ModelSource } from "./types.ts";

/**
 * What the last look found. `current`: the model that serves. `away`: the store cannot be asked. `refused`: the alias points at a model
 * that does not load. `missing`: there is no such alias. In the last three the model before it serves on.
 */
export type FollowState = "current" | "away" | "refused" | "missing";
const alarms = ["away", "refused", "missing"] as const satisfies readonly FollowState[];

export interface Follower {
  readonly status: { state: FollowState; /** RFC 3339. */ since: string; code?: string };
  /** Resolves once the look that is under way has ended. */
  stop(): Promise<void>;
}

export interface FollowOptions {
  /** `digits:champion` */
  reference: string;
  /** Between two looks; each waits a tenth more or less, so that replicas do not ask all at once. */
  everySeconds: number;
  host: Pick<ModelHost, "current" | "origin" | "refresh" | "confirm">;
  source: Pick<ModelSource, "readAlias">;
  metrics: Metrics;
  log: Logger;
}

/** The longest time that a model which did not load is left alone: it may have been the memory of this minute. */
const mostPauseSeconds = 600;

export function startFollowing(options: FollowOptions): Follower {
  const { reference, everySeconds, host, source, metrics, log } = options;
  const parsed = parseReference(reference);
  const [name, alias] = parsed.kind === "alias" ? [parsed.name, parsed.alias] : ["", ""];
  let status: Follower["status"] = { state: "current", since: now() };
  let refused: { digest: string; pauseSeconds: number; until: number } | undefined;
  let stopped = false;
  // A copy was started from: what is wrong with the alias is worth a look at once.
  let timer = setTimeout(run, host.origin === "cache" ? 0 : pause());
  timer.unref();
  let turn = Promise.resolve();

  function run(): void {
    turn = look()
      .then(settle, (error: unknown) => settle("away", error))
      .finally(() => {
        if (stopped) return;
        timer = setTimeout(run, pause());
        timer.unref();
      });
  }

  async function look(): Promise<FollowState> {
    const digest = await source.readAlias(name, alias);
    if (digest === undefined) return "missing";
    if (digest === host.current.artifact.digest) {
      await host.confirm();
      return "current";
    }
    if (refused?.digest === digest && performance.now() < refused.until) return "refused";
    try {
      await host.refresh();
      refused = undefined;
      return "current";
    } catch (error) {
      if (isAway(error)) throw error;
      const pauseSeconds = Math.min(
        mostPauseSeconds,
        (refused?.digest === digest ? refused.pauseSeconds : everySeconds) * 2,
      );
      refused = { digest, pauseSeconds, until: performance.now() + pauseSeconds * 1000 };
      settle("refused", error);
      return "refused";
    }
  }

  function settle(state: FollowState, error?: unknown): void {
    const code = findSlipwayError(error)?.code;
    metrics.countLook(reference, state, alarms);
    if (state === status.state) return;
    status = { state, since: now(), ...(code !== undefined && { code }) };
    const serving = shortDigest(host.current.artifact.digest);
    const about = { alias: reference, serving, ...(error !== undefined && { err: error }) };
    if (state === "current") log.info(about, "the alias is followed again");
    else log.error(about, words[state]);
  }

  function pause(): number {
    return everySeconds * 1000 * (0.9 + Math.random() * 0.2);
  }

  return {
    get status() {
      return status;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await turn;
    },
  };
}

const words = {
  away: "the followed alias cannot be read; the model that serves stays",
  refused: "the followed alias points at a model that cannot be served; the one before it stays",
  missing: "the followed alias is gone; the model that serves stays",
};

/** The registry, or the folder, could not be asked: that says nothing about the model. */
function isAway(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = "code" in at ? String(at.code) : "";
    if (code === "SLIPWAY_ARTIFACT_STORE_UNUSABLE") return true;
    if (code.startsWith("SLIPWAY_OCI_")) return !/CONTENT_MISMATCH|TOO_LARGE|NOT_FOUND/.test(code);
  }
  return false;
}

function now(): string {
  return new Date().toISOString();
}
