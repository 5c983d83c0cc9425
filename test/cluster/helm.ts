/** @file helm, the reference reader of charts: from the PATH, or built once from its Go module and kept outside the clone. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { command, succeeds } from "./command.ts";
import { cacheFolder } from "./settings.ts";

const version = "v3.19.5";

/** Path of the program; built where it is missing (about a minute). */
export async function provideHelm(): Promise<string> {
  if (await succeeds("helm", "version")) return "helm";
  const folder = join(cacheFolder(), `bin-helm-${version}`);
  const binary = join(folder, "helm");
  if (existsSync(binary)) return binary;
  await mkdir(folder, { recursive: true });
  // Go renames the finished binary into place.
  await command("go", ["install", "-trimpath", "-ldflags", "-s -w", `helm.sh/helm/v3/cmd/helm@${version}`], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: "-mod=mod", CGO_ENABLED: "0" },
  });
  return binary;
}
