import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Installs a package of Debian's; gives false where that cannot be done here (not root, or no apt-get). Throws apt-get's failure. */
export function installDebian(name: string): boolean {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return false;
  process.stderr.write(`Installing ${name} for the tests…\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const stdio: ["ignore", "ignore", "inherit"] = ["ignore", "ignore", "inherit"];
  execFileSync("apt-get", ["update", "-qq"], { env, stdio });
  execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", name], { env, stdio });
  return true;
}
