/** @file How long work tells what it is doing. Steps take a `Report` and never print; the CLI draws it, tests and `--json` read it. */

export interface ProgressEvent {
  /** The step of the way it belongs to: data, train, gate, artifact, serve, verify. */
  step: string;
  /** What is being done now, in a few words: `decode images`, `epoch 3/12`. */
  label: string;
  /** Units done and in all; `total` is missing while unknown. */
  done?: number;
  total?: number;
  /** Figures worth showing beside the bar, in the order to show them: loss, accuracy, samples/s. Values are already rounded for people. */
  figures?: Readonly<Record<string, string>>;
}

export type Report = (event: ProgressEvent) => void;

export const silent: Report = () => {};
