import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { parseObject } from "../../base/json.ts";
import { cacheUnusable } from "../errors.ts";

/** Outside every project, since layers are the same for all of them: SLIPWAY_CACHE, else where the system keeps caches. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  const own = environment["SLIPWAY_CACHE"];
  if (own !== undefined && own !== "") return own;
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "slipway");
  const local = environment["LOCALAPPDATA"];
  if (platform === "win32" && local !== undefined && local !== "") return join(local, "slipway", "cache");
  const xdg = environment["XDG_CACHE_HOME"] ?? "";
  // The specification says that a relative path is to be ignored.
  return join(isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "slipway");
}

/** Runs work on the cache, and says what the file system refused. */
export async function usingCache<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    throw syscall === undefined ? error : cacheUnusable({ folder, why: message }, { cause: error });
  }
}

/** A note of the cache: undefined where it is missing or broken. Half a note, after a power cut, is as good as none. */
export function parseNote(text: string | undefined): Record<string, unknown> | undefined {
  return text === undefined ? undefined : parseObject(text);
}
