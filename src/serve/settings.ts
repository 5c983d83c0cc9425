import { logLevels, type LogLevel } from "../http/log.ts";
import { parseReference } from "../artifact/reference.ts";
import { findSlipwayError } from "../base/errors.ts";
import { parsePrefix } from "../oci/reference.ts";
import { settingInvalid } from "./errors.ts";
import type { Place } from "./source/open.ts";

/** What the environment says to the server's process. Names and defaults are in docs/guides/serving.md. */
export interface Settings {
  /** Path of the project's bundle. */
  app: string;
  /** Where models are read. */
  place: Place;
  /** Alias to follow. */
  follow: { alias: string; everySeconds: number } | undefined;
  model: string | undefined;
  controlToken: string | undefined;
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
    place: readPlace(env),
    follow: readFollow(env["SLIPWAY_FOLLOW"] || undefined, number("SLIPWAY_FOLLOW_SECONDS", 1, 86_400) ?? 10),
    model: env["SLIPWAY_MODEL"] || undefined,
    controlToken: env["SLIPWAY_CONTROL_TOKEN"] || undefined,
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

function readPlace(env: Readonly<Record<string, string | undefined>>): Place {
  const prefix = env["SLIPWAY_REGISTRY"] || undefined;
  if (prefix !== undefined)
    explain("SLIPWAY_REGISTRY", prefix, "a registry and a path, for example registry.example.com/models", () =>
      parsePrefix(prefix),
    );
  return {
    store: env["SLIPWAY_STORE"] || undefined,
    registry: prefix === undefined ? undefined : { prefix, insecure: env["SLIPWAY_REGISTRY_INSECURE"] === "1" },
    cache: env["SLIPWAY_CACHE"] || undefined,
  };
}

function readFollow(alias: string | undefined, everySeconds: number): Settings["follow"] {
  if (alias === undefined) return undefined;
  const wanted = "a name and an alias, for example digits:champion";
  const { kind } = explain("SLIPWAY_FOLLOW", alias, wanted, () => parseReference(alias));
  if (kind !== "alias") throw settingInvalid({ name: "SLIPWAY_FOLLOW", seen: alias, wanted });
  return { alias, everySeconds };
}

/** What is wrong with a value, as what is wrong with its setting. */
function explain<T>(name: string, seen: string, wanted: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (findSlipwayError(error) === undefined) throw error;
    throw settingInvalid({ name, seen, wanted }, { cause: error });
  }
}

function isLogLevel(text: string): text is LogLevel {
  return (logLevels as readonly string[]).includes(text);
}
