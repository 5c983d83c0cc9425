import { locatePath } from "../base/locate.ts";

/** How the server's process is started: `node ...args` with `env` on top of what the caller sets (readSettings has the rest). */
export interface Launch {
  /** For `child_process.spawn(process.execPath, [...args])`, or an image's entry point. */
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

/**
 * Node's flags and the allocator's settings must be there before the process starts; measured in docs/adr/0003-http.md. They make
 * the process a third smaller at the same speed.
 */
export function launchArguments(entry: string = locatePath(import.meta.url, "main.ts", "server.js")): Launch {
  return {
    // Young objects die within a few milliseconds here: a small nursery is enough, and old space need not grow before it is collected.
    args: ["--max-semi-space-size=4", "--max-old-space-size=64", entry],
    // Freed model weights go back to the system instead of staying with the thread that loaded them.
    env: { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "131072", MALLOC_ARENA_MAX: "2" },
  };
}
