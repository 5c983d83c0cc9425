import { logLevels, type LogLevel } from "../http/log.ts";
import { settingInvalid } from "./errors.ts";

/** What the environment says to the server's process. Names and defaults are in docs/guides/serving.md. */
export interface Settings {
  /** Path of the project's bundle. */
  app: string;
  /** Folder of the store. */
  store: string;
  model: string | undefined;
  host: string;
  /** Undefined: what the project says, else 5000. */
  port: number | undefined;
  log: LogLevel;
  threads: number | undefined;
  maxBodyBytes: number | undefined;
  drainDelayMs: number;
  drainDeadlineMs: number;
  /** Say `{"ready":true,…}` on stdout once callers are welcome. */
  announce: boolean;
  /** Stop when the process that started this one ends (its IPC channel closes). */
  withParent: boolean;
}

/** Reads the settings. Throws `settingInvalid` at the first that cannot be used. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const number = (name: string, least: number, most: number): number | undefined => {
    const text = env[name];
    if (text === undefined || text === "") return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw settingInvalid({ name, seen: text, wanted: `a whole number from ${least} to ${most}` });
  };
  const required = (name: string, wanted: string): string => {
    const text = env[name];
    if (text !== undefined && text !== "") return text;
    throw settingInvalid({ name, seen: text ?? "missing", wanted });
  };
  const log = env["SLIPWAY_LOG"] || "warn";
  if (!isLogLevel(log)) throw settingInvalid({ name: "SLIPWAY_LOG", seen: log, wanted: logLevels.join(", ") });
  return {
    app: required("SLIPWAY_APP", "the path of the project's bundle"),
    store: required("SLIPWAY_STORE", "the folder of the store"),
    model: env["SLIPWAY_MODEL"] || undefined,
    host: env["HOST"] || "127.0.0.1",
    port: number("PORT", 0, 65_535),
    log,
    threads: number("SLIPWAY_THREADS", 1, 256),
    maxBodyBytes: number("SLIPWAY_MAX_BODY_BYTES", 1024, 1_073_741_824),
    drainDelayMs: number("SLIPWAY_DRAIN_DELAY_MS", 0, 600_000) ?? 0,
    drainDeadlineMs: number("SLIPWAY_DRAIN_DEADLINE_MS", 0, 600_000) ?? 25_000,
    announce: env["SLIPWAY_ANNOUNCE"] === "1",
    withParent: env["SLIPWAY_WITH_PARENT"] === "1",
  };
}

function isLogLevel(text: string): text is LogLevel {
  return (logLevels as readonly string[]).includes(text);
}
