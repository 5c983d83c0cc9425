import { findSlipwayError } from "../base/errors.ts";
import { refreshFailed } from "./errors.ts";
import { loadModel, type ModelOptions, type ServedModel } from "./model.ts";

/** Holds the model that a reference points at, and exchanges it while requests go on. */
export interface ModelHost {
  readonly reference: string;
  /** Serves every request that asks from now on. `hold` it before waiting for anything: a refresh may retire it meanwhile. */
  readonly current: ServedModel;
  /** Loads what the reference points at now. The old model answers until the new one is warm, and ends what it has begun. */
  refresh(): Promise<Refreshed>;
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

/** Loads the first model. Rejects as `loadModel` and the source do. */
export async function openHost(reference: string, options: ModelOptions): Promise<ModelHost> {
  const { source, metrics, log } = options;
  let current = await loadModel(await source.get(reference), options);
  announce(current);
  const leaving = new Set<Promise<void>>();
  let turn: Promise<unknown> = Promise.resolve();

  function announce({ artifact }: ServedModel): void {
    const { name, digest, lineage } = artifact;
    metrics.setModel({ name, digest, datasetDigest: lineage.dataset.digest });
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
      announce(next);
      retire(old);
      log.info({ model: artifact.name, digest: artifact.digest, previous }, "serves a new model");
      return { model: artifact.name, digest: artifact.digest, changed: true, previous };
    } catch (error) {
      log.error({ err: error, reference }, "refresh failed; the model before it still serves");
      const reason = findSlipwayError(error)?.message ?? "the cause is in the server's log";
      throw refreshFailed({ reference, serving: previous, reason, wanted: "a model that loads" }, { cause: undefined });
    }
  };

  return {
    reference,
    get current() {
      return current;
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
