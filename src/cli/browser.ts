import { spawn } from "node:child_process";
import { once } from "node:events";

/** The system's own way to open a page; false where there is none. */
export async function openInBrowser(page: string): Promise<boolean> {
  const [program = "", ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  const child = spawn(program, [...args, page], { stdio: "ignore", detached: true });
  child.unref();
  return Promise.race([once(child, "spawn").then(() => true), once(child, "error").then(() => false)]);
}
