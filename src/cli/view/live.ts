import { styleText, stripVTControlCharacters } from "node:util";
import type { ProgressEvent, Report } from "../../base/progress.ts";
import { formatClock } from "./format.ts";

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

/** `⠹ train     epoch 3/12 ━━━━━━╌╌╌╌ 41 % · 8,512 samples/s · loss 0.082 · 0:14 left`, cut to the terminal's width. */
export function renderLine(event: ProgressEvent, spinner: string, seconds: number, columns: number): string {
  const { step, label, done, total, figures } = event;
  const parts = Object.entries(figures ?? {}).map(([name, value]) => `${name} ${value}`);
  const share = done === undefined || total === undefined || total <= 0 ? undefined : Math.min(1, done / total);
  if (share !== undefined && share > 0 && share < 1 && seconds > 1 && figures?.["ETA"] === undefined)
    parts.push(`${formatClock((seconds * (1 - share)) / share)} left`);
  const head = `${styleText("cyan", spinner)} ${step.padEnd(12)}${label}`;
  const bar = share === undefined ? "" : ` ${renderBar(share, 20)} ${String(Math.round(share * 100)).padStart(3)} %`;
  const tail = parts.length > 0 ? ` · ${parts.join(" · ")}` : "";
  return cut(`${head}${bar}${styleText("dim", tail)}`, columns - 1);
}

function renderBar(share: number, width: number): string {
  const full = Math.round(share * width);
  return styleText("green", "━".repeat(full)) + styleText("dim", "╌".repeat(width - full));
}

/** Cuts by what is seen: colours take no room and are closed at the end. */
function cut(text: string, width: number): string {
  if (stripVTControlCharacters(text).length <= width) return text;
  let seen = 0;
  let kept = "";
  // oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
  for (const [piece] of text.matchAll(/\u001B\[[\d;]*m|[\s\S]/gu)) {
    if (!piece.startsWith("\u001B")) {
      if (seen === width - 1) break;
      seen++;
    }
    kept += piece;
  }
  return `${kept}…\u001B[0m`;
}
