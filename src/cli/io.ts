/** @file What a command may do with the terminal. Results go to stdout, everything else to stderr. */
import { styleText } from "node:util";
import { type Report, silent } from "../base/progress.ts";
import { findPlainReport } from "./view/plain.ts";
import { type LiveLine, openLiveLine } from "./view/live.ts";
import { openTreeView, type TreeView } from "./view/tree.ts";

type Style = Parameters<typeof styleText>[0];

export interface Io {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Shows what is being done: a line on a terminal, JSON lines on stderr with `--json --verbose`, else nothing. */
  readonly report: Report;
  /** Shows a rollout as it stands: drawn in place on a terminal, elsewhere a line on stderr for each change; nothing with `--json`. */
  readonly showTree: TreeView["show"];
  /** Both ends are a person's terminal, so that questions may be asked. */
  readonly interactive: boolean;
  /** A line of the result for people; nothing with `--json`. */
  print(text?: string): void;
  /** The result as one JSON document, once; nothing without `--json`. An error that comes after it goes to stderr. */
  document(value: unknown): void;
  /** A remark for people, on stderr; nothing with `--json`. */
  note(text: string): void;
  /** Colour, where stdout is a terminal that wants it. */
  paint(style: Style, text: string): string;
}

export interface IoFlags {
  json?: boolean;
  verbose?: boolean;
  debug?: boolean;
}

/** `close` takes the live line away, call it before the process ends; `documented` tells whether the result's document was printed. */
export function openIo(flags: IoFlags, signal: AbortSignal): Io & { close(): void; documented(): boolean } {
  const { stdin, stdout, stderr } = process;
  const json = flags.json === true;
  const verbose = flags.verbose === true;
  const live: LiveLine | undefined = !json && stderr.isTTY ? openLiveLine(stderr) : undefined;
  const tree: TreeView | undefined = json ? undefined : openTreeView(stderr);
  let growing: string | undefined;
  let documented = false;
  const clear = (): void => {
    live?.clear();
    tree?.clear();
    growing = undefined;
  };
  const write = (stream: NodeJS.WriteStream, text: string): void => {
    clear();
    stream.write(`${text}\n`);
  };
  const report = live?.report ?? (verbose ? findPlainReport(stderr, json) : silent);
  return {
    json,
    verbose,
    debug: flags.debug === true,
    signal,
    report: (event) => {
      // While a step shows a tree, that is its progress; but when the cluster is away, the tree stands still and that must be said.
      if (event.step === growing && !event.label.startsWith("waiting")) return;
      if (growing !== undefined) clear();
      report(event);
    },
    showTree: (root, findings) => {
      if (tree === undefined) return;
      live?.clear();
      growing = "deploy";
      tree.show(root, findings);
    },
    interactive: !json && stdin.isTTY && stdout.isTTY,
    print: (text = "") => {
      if (!json) write(stdout, text);
    },
    document: (value) => {
      if (!json) return;
      write(stdout, JSON.stringify(value, undefined, 2));
      documented = true;
    },
    note: (text) => {
      if (!json) write(stderr, text);
    },
    paint: (style, text) => styleText(style, text, { stream: stdout }),
    close: clear,
    documented: () => documented,
  };
}
