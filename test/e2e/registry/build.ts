/** @file Distribution's registry, built once from its Go module and kept outside the clone. */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const version = "v3.0.0";
const module = `github.com/distribution/distribution/v3/cmd/registry@${version}`;
const run = promisify(execFile);

/** Path of the binary; built where it is missing (about a minute). SLIPWAY_TEST_REGISTRY names another one. Throws where there is no Go. */
export async function provideRegistry(): Promise<string> {
  const given = process.env["SLIPWAY_TEST_REGISTRY"];
  if (given !== undefined && given !== "") return given;
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "slipway");
  const binary = join(folder, `bin-distribution-${version}`, "registry");
  if (await isThere(binary)) return binary;
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, "building-"));
  try {
    await build(scratch);
    await mkdir(join(folder, `bin-distribution-${version}`), { recursive: true });
    // Whole or not at all, also where two test runs build at once.
    await rename(join(scratch, "registry"), binary);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return binary;
}

async function build(into: string): Promise<void> {
  const env = { ...process.env, GOBIN: into, GOFLAGS: "-mod=mod", CGO_ENABLED: "0" };
  try {
    await run("go", ["install", "-trimpath", "-ldflags", "-s -w", module], { env, maxBuffer: 16 << 20 });
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    const why =
      code === "ENOENT"
        ? "there is no `go` on the PATH"
        : `\`go install ${module}\` failed:\n${(stderr ?? "").split("\n").slice(-20).join("\n")}`;
    throw new Error(
      `These tests run distribution's registry, and ${why}\nInstall Go 1.23 or newer, or name a registry binary in SLIPWAY_TEST_REGISTRY.`,
      { cause: error },
    );
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
