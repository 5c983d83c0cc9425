/** @file Is this machine enough? */
import { readFileSync, statfsSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { formatBytes, formatItems } from "../view/format.ts";
import { fail, type Finding, ok, type Subject, warn } from "./check.ts";

export function checkProcessor(): Finding {
  const cores = availableParallelism();
  const model = cpus()[0]?.model.trim() ?? process.arch;
  const text = `${formatItems(cores, "core")} · ${model}`;
  const flags = readFlags();
  if (flags !== undefined && process.arch === "x64" && !flags.has("avx2"))
    return warn(`${text} without AVX2`, "It works, at a fraction of the speed; a processor from 2015 on has AVX2.");
  if (!hasWasmSimd()) return fail(`${text}; this Node has no WASM SIMD`, "Use the Node that slipway brings.");
  return ok(`${text}${flags?.has("avx512f") === true ? " · AVX-512" : flags?.has("avx2") === true ? " · AVX2" : ""}`);
}

function hasWasmSimd(): boolean {
  try {
    return new WebAssembly.Module(simdModule) instanceof WebAssembly.Module;
  } catch {
    // It refuses the instructions: that is the answer.
    return false;
  }
}

/** A function that makes a vector of 16 bytes: `i32.const 0, i8x16.splat, drop`; as the binary format writes it. */
const simdModule = Buffer.from("0061736d01000000010401600000030201000a090107004100fd0f1a0b", "hex");

export function checkMemory(): Finding {
  const limit = process.constrainedMemory();
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  const free = process.availableMemory();
  const text = `${formatBytes(free)} of ${formatBytes(total)} free${total === limit ? " (limited)" : ""}`;
  if (free < 300e6)
    return fail(text, "Close other programs, or raise the container's limit: training needs some hundred MB.");
  if (free < 1e9) return warn(text, "Enough to serve; training on large images may need more.");
  return ok(text);
}

export function checkDisk({ project }: Subject): Finding {
  const { bavail, bsize } = statfsSync(project?.root ?? process.cwd());
  const free = bavail * bsize;
  const text = `${formatBytes(free)} free`;
  if (free < 100e6) return fail(text, "Free some space: `slipway models gc` removes what nothing refers to.");
  if (free < 1e9) return warn(text, "Enough for now; models and checkpoints grow.");
  return ok(text);
}

/** Linux alone says it without a shell. Every connection of the server is one open file. */
export function checkFiles(): Finding | undefined {
  const limits = read("/proc/self/limits");
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? "")?.[1];
  if (soft === undefined) return undefined;
  if (soft !== "unlimited" && Number(soft) < 1024)
    return warn(`at most ${soft} open files`, "Raise it before serving many callers: ulimit -n 4096");
  return ok(`at most ${soft} open files`);
}

function readFlags(): Set<string> | undefined {
  const line = /^flags\s*:(.*)$/m.exec(read("/proc/cpuinfo") ?? "")?.[1];
  return line === undefined ? undefined : new Set(line.trim().split(/\s+/));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Another system than Linux: it does not say.
    return undefined;
  }
}
