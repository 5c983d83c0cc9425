/** @file Every check of `slipway doctor`, in the order they are shown. */
import { type Check } from "./check.ts";
import { checkDisk, checkFiles, checkMemory, checkProcessor } from "./machine.ts";
import { checkData, checkProject, checkServer, checkStore } from "./project.ts";
import { checkDecoder, checkGlibc, checkNode, checkOnnxruntime, checkPort } from "./runtime.ts";

export const checks: readonly Check[] = [
  { name: "node", run: checkNode },
  { name: "glibc", run: checkGlibc },
  { name: "onnxruntime", run: checkOnnxruntime },
  { name: "image decoder", run: checkDecoder },
  { name: "processor", run: checkProcessor },
  { name: "memory", run: checkMemory },
  { name: "disk", run: checkDisk },
  { name: "open files", run: checkFiles },
  { name: "project", run: checkProject },
  { name: "data", run: checkData },
  { name: "store", run: checkStore },
  { name: "server", run: checkServer },
  { name: "port", run: checkPort },
];
