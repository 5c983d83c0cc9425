/** @file The WASM kernels as functions. They work on the memory they are given; `scripts/kernels.ts` compiles them. */

import { readFile } from "node:fs/promises";
import { locate } from "../base/locate.ts";

/** Arguments are whole numbers and byte offsets; yes and no are 1 and 0. */
export type Kernel = (...values: number[]) => void;

/** What src/kernels/assembly exports for convolutional networks; each is described there. */
export type Kernels = Readonly<Record<KernelName, Kernel>>;

type KernelName =
  | "winogradInput"
  | "winogradInputBack"
  | "winogradOutput"
  | "winogradOutputBack"
  | "winogradOutputPool"
  | "winogradOutputPoolBack"
  | "winogradWeights"
  | "winogradWeightsBack"
  | "patchesOfPlanes"
  | "patchesOfPixels"
  | "patchesOfPixelsBack"
  | "rectifyBack"
  | "addTo"
  | "pixelsToPlanes"
  | "planesToPixels"
  | "randomBytes"
  | "dropout"
  | "dropoutBack"
  | "maxPool"
  | "maxPoolBack"
  | "pool2"
  | "pool2Back"
  | "averagePool"
  | "averagePoolBack"
  | "moments"
  | "scaleShift"
  | "normSums"
  | "normBack";

let compiled: Promise<WebAssembly.Module> | undefined;

/** One instance on `memory`, of the functions that `T` names. The first 64 KiB of the memory are left to the module. */
export async function loadKernels<T extends object = Kernels>(memory: WebAssembly.Memory): Promise<T> {
  compiled ??= compile();
  const instance = new WebAssembly.Instance(await compiled, { env: { memory, abort: giveUp } });
  return instance.exports as T;
}

async function compile(): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(await readFile(locate(import.meta.url, "kernels.wasm", "kernels.wasm")));
}

/** AssemblyScript's hook for failed assertions; the kernels have none. */
function giveUp(): never {
  throw new Error("a kernel gave up");
}
