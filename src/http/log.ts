import { destination, pino, stdTimeFunctions, type Logger } from "pino";

export type { Logger } from "pino";

export const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** JSON lines on stderr. No transports: they need a worker file that a bundle does not carry. */
export function createLog(level: LogLevel): Logger {
  return pino(
    { level, base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime },
    // Synchronous: the last line before a crash is the one that matters, and there is no line a request.
    destination({ fd: 2, sync: true }),
  );
}
