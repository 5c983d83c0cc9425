/** @file The pen that the keyboard moves. */
import type { Point, Size } from "../ink/types.ts";

export interface Pen {
  at: Point;
  down: boolean;
  /** Only who uses the keys sees it. */
  shown: boolean;
}

const steps: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** A step, as a share of the area's shorter side. */
const step = 1 / 28;

/** The pen after a key, or nothing where the key is none of its own. Space puts it down while held (the caller lifts it), Enter turns it over. */
export function moveByKey(
  pen: Pen,
  { key, shiftKey, repeat }: { key: string; shiftKey: boolean; repeat: boolean },
  size: Size,
): Pen | undefined {
  if (key === " ") return { ...pen, down: true, shown: true };
  if (key === "Enter") return repeat ? pen : { ...pen, down: !pen.down, shown: true };
  const way = steps[key];
  if (way === undefined) return undefined;
  const far = step * Math.min(size.height, size.width) * (shiftKey ? 0.25 : 1);
  const at = {
    x: Math.min(size.width, Math.max(0, pen.at.x + way[0] * far)),
    y: Math.min(size.height, Math.max(0, pen.at.y + way[1] * far)),
  };
  return { ...pen, at, shown: true };
}

export function penTo({ x, y }: Point, size: Size): { left: string; top: string } {
  return { left: `${(x / size.width) * 100}%`, top: `${(y / size.height) * 100}%` };
}
