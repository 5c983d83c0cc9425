/** @file The detector's weights out of a state dict, each checked for its name, type and shape before any is read. */

import { findNearest } from "../../base/nearest.ts";
import { isFloat, toFloat32 } from "../pytorch/float32.ts";
import type { StateDict } from "../pytorch/state-dict.ts";
import { ssdWeights } from "./errors.ts";
import type { WeightOf } from "./network.ts";
import { at } from "../../graph/build.ts";
import { listTensors, sources } from "./plan.ts";

export interface SsdWeights {
  classes: number;
  /** Numbers in all. */
  parameters: number;
  weightOf: WeightOf;
}

/** The number of classes is read off `conf.0.weight`: four boxes at each place, one number for each class. */
export async function readWeights({ entries }: StateDict): Promise<SsdWeights> {
  const boxes = at(sources, 0).boxes;
  const rows = entries.get("conf.0.weight")?.shape[0] ?? 0;
  // Without the first head, the plan of the usual 21 classes says what is missing.
  const classes = rows === 0 ? 21 : rows / boxes;
  if (!Number.isInteger(classes) || classes < 2)
    throw ssdWeights({
      tensor: "conf.0.weight",
      seen: `of ${rows} rows`,
      wanted: `${boxes} for each of two classes or more`,
    });
  const wanted = listTensors(classes);
  for (const { name, shape } of wanted) {
    const entry = entries.get(name);
    const target = `numbers of shape [${shape.join(", ")}]`;
    if (entry === undefined)
      throw ssdWeights({ tensor: name, seen: describeMissing(name, [...entries.keys()]), wanted: target });
    if (!isFloat(entry.dtype) || entry.shape.join() !== shape.join())
      throw ssdWeights({ tensor: name, seen: `${entry.dtype} of shape [${entry.shape.join(", ")}]`, wanted: target });
  }
  const known = new Set(wanted.map(({ name }) => name));
  const extra = [...entries.keys()].find((name) => !known.has(name));
  if (extra !== undefined) throw ssdWeights({ tensor: extra, seen: "there", wanted: "no such tensor" });
  const read = await Promise.all(
    wanted.map(async ({ name }) => {
      const entry = entries.get(name);
      return [name, entry === undefined ? new Float32Array() : toFloat32(entry.dtype, await entry.read())] as const;
    }),
  );
  const weights = new Map(read);
  const parameters = read.reduce((all, [, data]) => all + data.length, 0);
  return { classes, parameters, weightOf: (name) => weights.get(name) ?? new Float32Array() };
}

function describeMissing(name: string, known: readonly string[]): string {
  const nearest = findNearest(name, known);
  const some = known.slice(0, 3).join(", ");
  return nearest === undefined
    ? `missing (the file has ${known.length} tensors: ${some}, …)`
    : `missing (the file has ${nearest})`;
}
