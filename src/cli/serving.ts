import type { LocalRelease } from "../deploy/targets/local.ts";
import { serverFailed } from "../deploy/errors.ts";
import { stopBundler } from "../project/bundle.ts";
import type { Io } from "./io.ts";

/**
 * Waits for Ctrl-C and then ends the server: that is the usual end, so the exit code is 0. A server that ends by itself is an
 * error with its last lines. One that another process holds, or that was detached, is left alone.
 */
export async function stayInForeground(io: Io, release: LocalRelease): Promise<void> {
  if (!release.attached) return;
  await stopBundler();
  if (!io.signal.aborted) {
    io.print(`  ${"stop".padEnd(12)}Ctrl-C`);
    const aborted = new Promise<"stopped">((resolve) =>
      io.signal.addEventListener("abort", () => resolve("stopped"), { once: true }),
    );
    const end = await Promise.race([aborted, release.exited]);
    if (end !== "stopped") {
      await release.stop();
      const how = end.signal === null ? `ended with code ${end.code}` : `was ended by ${end.signal}`;
      if (end.code === 0) io.print(`  the server ${how}`);
      else throw serverFailed({ how, log: end.log });
      return;
    }
  }
  io.report({ step: "serve", label: "finish what is on its way" });
  await release.stop();
  io.print("  stopped");
}
