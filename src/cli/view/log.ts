import { parseObject } from "../../base/json.ts";
import type { Io } from "../io.ts";

/** What the server logs: warnings and errors always (pino's levels 40 and up), the rest with `--verbose`. */
export function describeLog(line: string, io: Io): void {
  const { level, msg, err } = parse(line);
  if (!io.verbose && level < 40) return;
  io.note(
    `  ${io.paint(level >= 50 ? "red" : level >= 40 ? "yellow" : "dim", "server")}    ${[msg, err?.message].filter(Boolean).join(": ")}`,
  );
}

interface Line {
  level: number;
  msg?: string;
  err?: { message?: string };
}

function parse(line: string): Line {
  const entry = parseObject(line);
  // Not every line is ours: a native library's word is shown as it is.
  return entry === undefined ? { level: 40, msg: line } : { level: 30, ...entry };
}
