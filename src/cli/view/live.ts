import { styleText, stripVTControlCharacters } from "node:util";
import type { ProgressEvent, Report } from "../../base/progress.ts";
import { cutLine, formatClock } from "./format.ts";

/** One line at the bottom of a terminal that is written over. */
export interface LiveLine {
  report: Report;
  /** Takes the line away, so that other text can be printed; the next event draws it anew. */
  clear(): void;
}

type Terminal = Pick<NodeJS.WriteStream, "write" | "columns">;

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/** Milliseconds between two drawings: fast enough to look alive, slow enough to cost nothing. */
const interval = 80;

export function openLiveLine(stream: Terminal, now: () => number = () => performance.now()): LiveLine {
  let shown = false;
  let drawnAt = -Infinity;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;
  let latest: ProgressEvent | undefined;
  let phase = { key: "", start: 0 };

  const draw = (): void => {
    if (latest === undefined) return;
    drawnAt = now();
    frame = (frame + 1) % frames.length;
    const text = renderLine(latest, frames[frame] ?? "", (drawnAt - phase.start) / 1000, stream.columns || 80);
    stream.write(`\r\u001B[2K${text}`);
    shown = true;
  };
  return {
    report(event) {
      latest = event;
      const key = `${event.step} ${event.label}`;
      if (key !== phase.key) phase = { key, start: now() };
      // The spinner turns while a step says nothing; the timer keeps no process alive.
      timer ??= setInterval(draw, interval).unref();
      if (now() - drawnAt >= interval) draw();
    },
    clear() {
      clearInterval(timer);
      timer = undefined;
      latest = undefined;
      phase = { key: "", start: 0 };
      if (shown) stream.write("\r\u001B[2K");
      shown = false;
    },
  };
}

/**
 * `⠹ train       epoch 3/12 ━━━━━━╌╌╌╌ 41 % · step 8/62 · 8,512 samples/s · loss 0.082 · accuracy 0.981 · left 0:14`. Where the
 * terminal is narrow, the bar and the step make room for the figures; what is still too long is cut.
 */
export function renderLine(event: ProgressEvent, spinner: string, seconds: number, columns: number): string {
  const { step, label, done, total } = event;
  const share = done === undefined || total === undefined || total <= 0 ? undefined : Math.min(1, done / total);
  const figures = listFigures(event, share, seconds);
  const shapes: [bar: number, left: number][] = [
    [20, 0],
    [10, 0],
    [10, 1],
    [0, 1],
  ];
  let line = "";
  for (const [width, left] of shapes) {
    const shown = figures.slice(figures[0]?.startsWith("step ") === true ? left : 0);
    const bar =
      share === undefined
        ? ""
        : `${width === 0 ? "" : ` ${renderBar(share, width)}`} ${String(Math.round(share * 100)).padStart(3)} %`;
    const tail = shown.length > 0 ? ` · ${shown.join(" · ")}` : "";
    line = `${styleText("cyan", spinner)} ${step.padEnd(12)}${label}${bar}${styleText("dim", tail)}`;
    if (stripVTControlCharacters(line).length < columns) return line;
  }
  return cutLine(line, columns - 1);
}

/** As people say them: `8,512 samples/s`, but `loss 0.082`. The time left is guessed where the step does not tell it. */
function listFigures({ figures = {} }: ProgressEvent, share: number | undefined, seconds: number): string[] {
  const parts = Object.entries(figures).map(([name, value]) =>
    name.includes("/") ? `${value} ${name}` : `${name} ${value}`,
  );
  if (share !== undefined && share > 0 && share < 1 && seconds > 1 && figures["left"] === undefined)
    parts.push(`left ${formatClock((seconds * (1 - share)) / share)}`);
  return parts;
}

function renderBar(share: number, width: number): string {
  const full = Math.round(share * width);
  return styleText("green", "━".repeat(full)) + styleText("dim", "╌".repeat(width - full));
}
