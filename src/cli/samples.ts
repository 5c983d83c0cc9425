import { join } from "node:path";
import { openProjectDataset } from "./dataset.ts";
import type { Io } from "./io.ts";

/** Images of the project's dataset: up to ten of each label, spread over it. */
export async function listSamples(options: Readonly<Record<string, unknown>>, io: Io): Promise<string[]> {
  const { folder, entries } = (await openProjectDataset(io, options)).dataset;
  const byLabel = Map.groupBy(entries, ({ label }) => label);
  return [...byLabel.values()].flatMap((same) =>
    Array.from({ length: Math.min(10, same.length) }, (_, index) =>
      join(folder, same[Math.floor((index * same.length) / Math.min(10, same.length))]?.path ?? ""),
    ),
  );
}
