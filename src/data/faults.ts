/** @file From what went wrong with single files to one report. */
import { findSlipwayError } from "../base/errors.ts";
import type { SlipwayError } from "../base/errors.ts";
import {
  imageBroken,
  imageEmpty,
  imageTooLarge,
  imageTruncated,
  imageUnsupported,
  imageWrongSize,
} from "../pixels/errors.ts";
import { datasetFaulty } from "./errors.ts";
import type { DatasetFault } from "./types.ts";

const mostLines = 20;
const mostFaults = 1000;

/** One error that names every faulty file, sorted by path; a long list is cut and says how many more there are. */
export function toFaultReport(folder: string, faults: readonly DatasetFault[]): SlipwayError {
  const sorted = faults.toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
  const lines = boundedLines(
    sorted.map(({ path, message }) => `${printable(path)}: ${message}`),
    mostLines,
  );
  return datasetFaulty({ folder, total: faults.length, lines, faults: sorted.slice(0, mostFaults) });
}

/** The fault that an error of `pixels/` stands for. Any other error is thrown on: it is no fault of the file. */
export function toImageFault(path: string, error: unknown): DatasetFault {
  const known = findSlipwayError(error);
  const kind = known && kinds.get(known.code);
  if (known === undefined || kind === undefined) throw error;
  return { kind, path, message: known.message };
}

const kinds: ReadonlyMap<string, DatasetFault["kind"]> = new Map([
  [imageEmpty.code, "empty"],
  [imageUnsupported.code, "unsupported"],
  [imageTruncated.code, "truncated"],
  [imageBroken.code, "broken"],
  [imageTooLarge.code, "tooLarge"],
  [imageWrongSize.code, "wrongSize"],
]);

/** At most `most` lines; the last one then says how many are not shown. */
export function boundedLines(lines: readonly string[], most: number): string[] {
  return lines.length <= most
    ? [...lines]
    : [...lines.slice(0, most - 1), `… and ${(lines.length - most + 1).toLocaleString("en")} more`];
}

/** File names may hold line breaks and terminal codes; they are shown escaped. */
export function printable(path: string): string {
  return path.replaceAll(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));
}
