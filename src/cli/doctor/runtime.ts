/** @file Does what Slipway stands on work here? Each check does a small piece of the real work. */
import { decodeImage } from "../../pixels/decode.ts";
import { findSlipwayError, messageOf } from "../../base/errors.ts";
import { requireFreePort } from "../../deploy/local/port.ts";
import { readLiveState } from "../../deploy/local/state.ts";
import { encodePng } from "../../pixels/encode-png.ts";
import { fail, type Finding, ok, type Subject, warn } from "./check.ts";

export function checkNode(): Finding {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 22))
    return fail(
      `Node ${node}, wanted 22.22 or newer`,
      "Install a newer Node, or install slipway again: it brings its own.",
    );
  return ok(`Node ${node} at ${process.execPath}`);
}

/** onnxruntime's binaries are built for glibc 2.27 and newer, and for no musl. */
export function checkGlibc(): Finding | undefined {
  if (process.platform !== "linux") return undefined;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const version = report.header?.glibcVersionRuntime;
  if (version === undefined)
    return fail(
      "no glibc (Alpine and other musl systems have none)",
      "Use a glibc system: Debian, Ubuntu, Fedora, or an image based on them.",
    );
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < 2 || (major === 2 && minor < 27))
    return fail(`glibc ${version}, wanted 2.27 or newer`, "Use a newer release of this system: onnxruntime needs it.");
  return ok(`glibc ${version}`);
}

export async function checkOnnxruntime(): Promise<Finding> {
  try {
    const { env } = await import("onnxruntime-node");
    return ok(`onnxruntime ${env.versions.node ?? env.versions.common} loads`);
  } catch (error) {
    return fail(
      `onnxruntime does not load: ${reason(error)}`,
      "Install the packages again (npm ci). Its binaries are for glibc on x64 and arm64, macOS and Windows.",
    );
  }
}

export function checkDecoder(): Finding {
  try {
    const png = encodePng(Uint8Array.of(0, 255, 255, 0), 2, 2);
    const pixels = decodeImage(png, { height: 2, width: 2, channels: 1, otherSizes: "refuse" });
    if (pixels.join() !== "0,255,255,0")
      return fail(`the image decoder gave ${pixels.join()}`, "Install the packages again (npm ci).");
    return ok("the image decoder loads and decodes");
  } catch (error) {
    return fail(`the image decoder does not work: ${reason(error)}`, "Install the packages again (npm ci).");
  }
}

export async function checkPort({ project, host, port }: Subject): Promise<Finding> {
  const state = project === undefined ? undefined : readLiveState(project.root);
  if (state?.port === port) return ok(`port ${port} is held by this project's own server (pid ${state.pid})`);
  try {
    await requireFreePort(port, host);
    return ok(`port ${port} is free`);
  } catch (error) {
    const known = findSlipwayError(error);
    if (known === undefined) throw error;
    return warn(known.message, known.mend);
  }
}

function reason(error: unknown): string {
  return messageOf(error).split("\n")[0] ?? "";
}
