import { findSlipwayError } from "../base/errors.ts";
import { modelAbsent, refreshFailed } from "./errors.ts";
import { loadModel, type ModelOptions, type ServedModel } from "./model.ts";
import type { Service } from "./service.ts";
import type { Origin } from "./source/types.ts";

/** Holds the model that a reference points at, and exchanges it while requests go on. */
export interface ModelHost {
  readonly reference: string;
  /** Serves every request that asks from now on. `hold` it before waiting for anything: a refresh may retire it meanwhile. */
  readonly current: ServedModel;
  /** Whence the model that serves was read. */
  readonly origin: Origin;
  /** Loads what the reference points at now. The old model answers until the new one is warm, and ends what it has begun. */
  refresh(): Promise<Refreshed>;
  /** Told that the reference points at the model that serves: a copy that was started from is then as good as what it is a copy of. */
  confirm(): Promise<void>;
  /** Ends all models; what is in flight is answered first. */
  close(): Promise<void>;
}

export interface Refreshed {
  model: string;
  /** The artifact that serves now. */
  digest: string;
  changed: boolean;
  /** The artifact that served before, where it changed. */
  previous?: string;
}

/** For what makes no sense without a model. Throws `modelAbsent`. */
export function requireHost({ host, project }: Pick<Service, "host" | "project">): ModelHost {
  if (host !== undefined) return host;
  throw modelAbsent({ project: project.name, wanted: "a project with a model" });
}

/**
 * Loads the first model: what the reference points at, else the copy that was kept of what it last pointed at, else `fallback`.
 * Rejects as `loadModel` and the source do.
 */
export async function openHost(
  reference: string,
  options: ModelOptions & { fallback?: string | undefined },
): Promise<ModelHost> {
  const { source, metrics, log } = options;
  let { model: current, origin } = await loadFirst(reference, options);
  announce();
  const leaving = new Set<Promise<void>>();
  let turn: Promise<unknown> = Promise.resolve();

  function announce(): void {
    const { name, digest, lineage } = current.artifact;
    metrics.setModel({ name, digest, datasetDigest: lineage.dataset.digest, origin });
  }

  const retire = (model: ServedModel): void => {
    const left = model
      .drain()
      // The new model serves already; what is left of the old one is memory.
      .catch((error: unknown) =>
        log.error({ err: error, digest: model.artifact.digest }, "a model could not be released"),
      )
      .finally(() => leaving.delete(left));
    leaving.add(left);
  };

  const exchange = async (): Promise<Refreshed> => {
    const previous = current.artifact.digest;
    try {
      const artifact = await source.get(reference);
      if (artifact.digest === previous) return { model: artifact.name, digest: previous, changed: false };
      const next = await loadModel(artifact, options);
      const old = current;
      current = next;
      origin = source.origin ?? "store";
      announce();
      retire(old);
      await source.keep?.(reference, artifact);
      log.info({ model: artifact.name, digest: artifact.digest, previous }, "serves a new model");
      return { model: artifact.name, digest: artifact.digest, changed: true, previous };
    } catch (error) {
      log.error({ err: error, reference }, "refresh failed; the model before it still serves");
      const reason = findSlipwayError(error)?.message ?? "the cause is in the server's log";
      throw refreshFailed({ reference, serving: previous, reason, wanted: "a model that loads" }, { cause: error });
    }
  };

  return {
    reference,
    get current() {
      return current;
    },
    get origin() {
      return origin;
    },
    async confirm() {
      if (origin !== "cache") return;
      origin = source.origin ?? "store";
      announce();
    },
    refresh() {
      // One after the other: each must see where the alias points when its own turn comes.
      const mine = turn.then(exchange, exchange);
      turn = mine;
      return mine;
    },
    async close() {
      await Promise.allSettled([turn]);
      await Promise.all([current.drain(), ...leaving]);
    },
  };
}

async function loadFirst(
  reference: string,
  options: ModelOptions & { fallback?: string | undefined },
): Promise<{ model: ServedModel; origin: Origin }> {
  const { source, log, fallback } = options;
  const origin = source.origin ?? "store";
  try {
    const artifact = await source.get(reference);
    const model = await loadModel(artifact, options);
    await source.keep?.(reference, artifact);
    return { model, origin };
  } catch (error) {
    const kept = await source.lastGood?.(reference);
    if (kept !== undefined) {
      log.error({ err: error, reference, digest: kept.digest }, "starts from the last good copy");
      return { model: await loadModel(kept, options), origin: "cache" };
    }
    if (fallback === undefined) throw error;
    log.error({ err: error, reference, fallback }, "starts from the model it was released with");
    return { model: await loadModel(await source.get(fallback), options), origin };
  }
}
