/** @file The project as the console looks at it: read anew when somebody looks, once for all who look at the same time. */
import { openStore, storeFolder } from "../artifact/store/layout.ts";
import type { Store } from "../artifact/types.ts";
import { openDataset } from "../data/open.ts";
import type { Dataset } from "../data/types.ts";
import { loadProject } from "../project/load.ts";
import { requireTraining } from "../project/training.ts";
import type { Project } from "../project/types.ts";

export interface Workspace {
  readonly root: string;
  /** Aborted when the console closes. */
  readonly signal: AbortSignal;
  /** The project file may have been edited since. Throws as `loadProject`. */
  project(): Promise<Project>;
  /** All of the data, read now. Throws as `openDataset`, and `projectTrainsNothing`. */
  readDataset(): Promise<Dataset>;
  /** As they were last read. */
  lastDataset(): Promise<Dataset>;
  store(): Promise<Store>;
}

export function openWorkspace(root: string, signal: AbortSignal): Workspace {
  let last: Dataset | undefined;
  const project = shareRunning(() => loadProject(root));
  const readDataset = shareRunning(async () => {
    const { definition } = await project();
    last = await openDataset(requireTraining(definition).data, { root, signal });
    return last;
  });
  return {
    root,
    signal,
    project,
    readDataset,
    lastDataset: async () => last ?? readDataset(),
    store: () => openStore(storeFolder(root)),
  };
}

/** Who asks while the work is being done gets what comes of it. */
function shareRunning<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= work().finally(() => (running = undefined)));
}
