/** @file The whole audit of a dataset's labels, given what a model that did not see them says. */
import { findWrongCopies } from "./copies.ts";
import { findNeighbours, findSame, toFeatures, voteOf, type Pictures } from "./neighbours.ts";
import { findLabelNoise, mixTables } from "./rules.ts";
import { driftOf, type Drift } from "./drift.ts";
import type { LabelFindings, Suspicion, Table } from "./types.ts";

/** Neighbours that vote on a picture's label. */
const voters = 10;

export interface AuditInput {
  pictures: Pictures;
  targets: ArrayLike<number>;
  /** Of each row by a model that did not train on it: of another fold, or of a reference. */
  probabilities: Table;
  reference?: AuditReference;
}

/** Data and labels that are trusted: of the champion, or of an earlier lock. */
export interface AuditReference {
  /** Thresholds of the champion on data it did not train on. */
  thresholds?: Float64Array;
  /** Its pictures: neighbours are looked for among these, whose labels are trusted. */
  pictures?: Pictures;
  targets?: ArrayLike<number>;
  /** Class that each row had before, by its content; -1 where it was not there. */
  known?: Int32Array;
}

export interface AuditFindings extends LabelFindings {
  drift: readonly Drift[];
}

/** Copies under wrong labels first, then exchanged pairs and slips; with a reference also relabelled files and drifted labels. */
export async function auditLabels({ pictures, targets, probabilities, reference }: AuditInput): Promise<AuditFindings> {
  const { classes, rows } = probabilities;
  const vote = async (): Promise<Table | undefined> => {
    if (trusted)
      return voteOf(
        await findNeighbours(features, voters, toFeatures(reference.pictures!)),
        rows,
        reference.targets!,
        classes,
      );
    // A champion knows better than neighbours whose own labels are what is in doubt.
    return reference?.thresholds === undefined ? voteOf(own, rows, targets, classes) : undefined;
  };
  const features = toFeatures(pictures);
  const own = await findNeighbours(features, voters);
  const trusted = reference?.pictures !== undefined && reference.targets !== undefined;
  const votes = await vote();
  const mix = mixTables(probabilities, votes);
  const relabelled = findRelabelled(targets, reference?.known, mix);
  const known = new Set(relabelled.map(({ row }) => row));
  const copies = findWrongCopies({ targets, same: findSame(pictures, own), mix }).filter(({ row }) => !known.has(row));
  const excluded = new Set([...known, ...copies.map(({ row }) => row)]);
  const noise = findLabelNoise(
    {
      targets,
      probabilities,
      neighbours: votes,
      ...(reference?.thresholds !== undefined && { thresholds: reference.thresholds }),
    },
    excluded,
  );
  const drift = trusted ? driftOf(features, targets, toFeatures(reference.pictures!), reference.targets!, classes) : [];
  return { suspicions: [...relabelled, ...copies, ...noise.suspicions], pairs: noise.pairs, drift };
}

/** Files that stood under another label when they were last agreed upon: exact, whatever any model says. */
function findRelabelled(targets: ArrayLike<number>, known: Int32Array | undefined, mix: Table): Suspicion[] {
  if (known === undefined) return [];
  return Array.from(known, (before, row): Suspicion | undefined => {
    const label = targets[row]!;
    if (before === -1 || before === label) return undefined;
    const margin = mix.values[row * mix.classes + before]! - mix.values[row * mix.classes + label]!;
    return { row, kind: "relabelled", label, looksLike: before, margin };
  }).filter((suspicion) => suspicion !== undefined);
}
