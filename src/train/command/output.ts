/** @file Reads what a training command prints: its lines, its progress, its epochs. */
import type { ProgressEvent } from "../../base/progress.ts";

/** Calls `onLine` for each line of a stream of text. A lone carriage return, as progress bars use it, ends a line too. */
export function createLineReader(onLine: (line: string) => void): { push(text: string): void; end(): void } {
  let rest = "";
  const take = (line: string): void => {
    if (line.trim() !== "") onLine(line.trimEnd());
  };
  return {
    push(text) {
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) take(line);
      // A program that never ends its line must not fill the memory.
      if (rest.length > longestLine) {
        take(rest.slice(0, longestLine));
        rest = "";
      }
    },
    end() {
      take(rest);
      rest = "";
    },
  };
}

const longestLine = 65_536;

export interface PrintedEpoch {
  epoch: number;
  epochs?: number;
  /** Numbers printed as `name=value` or `name: value`. */
  numbers: Readonly<Record<string, number>>;
}

/** `epoch 3/10 loss=0.31 accuracy=0.97`, as many programs print it; undefined for any other line. */
export function parseEpoch(line: string): PrintedEpoch | undefined {
  const match = /^\W*epoch\W{0,3}(\d{1,9})(?:\s*(?:\/|of)\s*(\d{1,9}))?\b(.*)$/i.exec(line);
  if (match === null) return undefined;
  const [, epoch = "", epochs, rest = ""] = match;
  const numbers: Record<string, number> = {};
  for (const [, name = "", value = ""] of rest.matchAll(
    /([A-Za-z_]\w{0,40})\s*[=:]\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/gi,
  )) {
    if (Number.isFinite(Number(value))) numbers[name] = Number(value);
  }
  return { epoch: Number(epoch), ...(epochs !== undefined && { epochs: Number(epochs) }), numbers };
}

/** What a line says of the progress: `progress: {"done": 3, "total": 10}`, an epoch, or just itself. */
export function toProgress(line: string): ProgressEvent {
  const stated = parseProgress(line);
  if (stated !== undefined) return stated;
  const printed = parseEpoch(line);
  if (printed === undefined) return { step: "train", label: shorten(line) };
  const { epoch, epochs, numbers } = printed;
  return {
    step: "train",
    label: epochs === undefined ? `epoch ${epoch}` : `epoch ${epoch}/${epochs}`,
    ...(epochs !== undefined && { done: epoch, total: epochs }),
    figures: Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)])),
  };
}

function parseProgress(line: string): ProgressEvent | undefined {
  const match = /^progress:\s*(\{.*\})\s*$/.exec(line);
  if (match === null) return undefined;
  let stated: Record<string, unknown>;
  try {
    stated = JSON.parse(match[1] ?? "{}") as Record<string, unknown>;
  } catch {
    // A line that only looks like progress is shown as it is.
    return undefined;
  }
  const { label, done, total, figures } = stated;
  return {
    step: "train",
    label: typeof label === "string" ? shorten(label) : "train",
    ...(typeof done === "number" && { done }),
    ...(typeof total === "number" && { total }),
    ...(typeof figures === "object" &&
      figures !== null && {
        figures: Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, String(value)])),
      }),
  };
}

function shorten(line: string): string {
  const text = stripControls(line).trim();
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Colours and cursor moves of the program must not reach our terminal through the bar. */
function stripControls(line: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return line.replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, "").replaceAll(/[\u0000-\u001f\u007f]/g, " ");
}
