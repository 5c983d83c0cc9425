import { pathToFileURL } from "node:url";
import { exitCodes, findSlipwayError, messageOf } from "../base/errors.ts";
import { createLog, type Logger } from "../http/log.ts";
import type { ProjectDefinition } from "../project/types.ts";
import { appInvalid, settingInvalid } from "./errors.ts";
import { keepHeapSmall } from "./memory.ts";
import { createServer, type Server } from "./server.ts";
import { readSettings, type Settings } from "./settings.ts";
import { openSource } from "./source/open.ts";

/** What the process says once, by IPC where it has a channel and on stdout where SLIPWAY_ANNOUNCE=1. */
export type Announcement =
  | { ready: true; url: string; port: number; digest: string; pid: number }
  | { ready: false; error: object };

/** What only a process's entry may do. */
export interface Effects {
  say: (line: string) => void;
  fail: (exitCode: number) => void;
}

/** Serves until a signal says stop; the second signal stops at once. */
export async function runProcess(effects: Effects): Promise<void> {
  let settings: Settings | undefined;
  try {
    settings = readSettings(process.env);
    const log = createLog(settings.log);
    const server = await startServer(settings, log);
    keepHeapSmall();
    stopOnSignals(server, settings, log);
    log.info({ url: server.url, digest: server.digest }, "ready");
    announce({ ready: true, url: server.url, port: server.port, digest: server.digest, pid: process.pid });
  } catch (error) {
    const known = findSlipwayError(error);
    const told = known?.toJSON() ?? { code: "SLIPWAY_SERVE_START", message: String(error), mend: "" };
    process.stderr.write(`${JSON.stringify({ level: 60, msg: "cannot serve", ...told })}\n`);
    announce({ ready: false, error: told });
    effects.fail(known?.exit ?? exitCodes.failed);
    if (process.connected) process.disconnect();
  }

  function announce(announcement: Announcement): void {
    process.send?.(announcement);
    if (settings?.announce === true) effects.say(JSON.stringify(announcement));
  }
}

async function startServer(settings: Settings, log: Logger): Promise<Server> {
  const [definition, source] = await Promise.all([importApp(settings.app), openSource(settings.place, log)]);
  const hasModel = (settings.model ?? settings.follow) !== undefined || wantsModel(definition);
  if (hasModel && source === undefined)
    throw settingInvalid({ name: "SLIPWAY_STORE", seen: "missing", wanted: "the folder of the store" });
  return createServer({
    project: definition,
    ...(hasModel && source !== undefined && { source }),
    host: settings.host,
    port: settings.port ?? definition.serve?.port ?? 5000,
    drainDelayMs: settings.drainDelayMs,
    drainDeadlineMs: settings.drainDeadlineMs,
    log,
    ...(settings.follow !== undefined && { follow: settings.follow }),
    ...(settings.controlToken !== undefined && { controlToken: settings.controlToken }),
    ...(settings.model !== undefined && { reference: settings.model }),
    ...(settings.threads !== undefined && { threads: settings.threads }),
    ...(settings.maxBodyBytes !== undefined && { maxBodyBytes: settings.maxBodyBytes }),
  });
}

/** A project that trains nothing has a model only if its routes ask one, or if one is named. */
function wantsModel({ train, serve }: ProjectDefinition): boolean {
  return train !== undefined || Object.values(serve?.routes ?? {}).some(({ handle }) => handle === undefined);
}

async function importApp(path: string): Promise<ProjectDefinition> {
  let module: { default?: Partial<ProjectDefinition> };
  try {
    module = (await import(pathToFileURL(path).href)) as typeof module;
  } catch (error) {
    throw appInvalid({ path, seen: messageOf(error) }, { cause: error });
  }
  const definition = module.default;
  if (typeof definition?.name !== "string") throw appInvalid({ path, seen: "it has no default export with a name" });
  return definition as ProjectDefinition;
}

function stopOnSignals(server: Server, settings: Settings, log: Logger): void {
  let asked = 0;
  const stop = (): void => {
    asked++;
    if (asked > 1) process.exit(exitCodes.interrupted);
    log.info({ drainDelayMs: settings.drainDelayMs }, "stops: answers what is on its way, then ends");
    // Threads, sockets and timers are gone after this; exiting says so even if a dependency kept something open.
    server.close().then(
      () => process.exit(exitCodes.ok),
      (error: unknown) => {
        process.stderr.write(`${JSON.stringify({ level: 50, msg: "could not stop cleanly", err: String(error) })}\n`);
        process.exit(exitCodes.failed);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  if (settings.withParent) process.on("disconnect", stop);
}
