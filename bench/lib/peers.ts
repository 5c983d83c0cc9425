/** @file The peers are real programs, installed from the lists of bench/peers. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { provideEnvironment } from "../../test/virtual-environment.ts";

/**
 * Path of a Python that has the peers of `bench/peers/<list>.txt` installed; makes it the first time (`requirements` is several GB:
 * PyTorch's wheel carries CUDA).
 */
export function preparePeers(list = "requirements"): string {
  const requirements = fileURLToPath(new URL(`../peers/${list}.txt`, import.meta.url));
  return provideEnvironment("peers", readFileSync(requirements), ["-r", requirements]);
}
