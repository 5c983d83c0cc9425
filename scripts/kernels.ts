/** @file Compiles the AssemblyScript kernels to src/kernels/kernels.wasm: every file of src/kernels/assembly whose name has no leading underscore. */
import { spawnSync } from "node:child_process";
import { globSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = "src/kernels/kernels.wasm";
const sources = globSync("src/kernels/assembly/*.ts", { cwd: root }).toSorted();

if (isStale()) {
  const result = spawnSync(
    process.execPath,
    [
      "node_modules/assemblyscript/bin/asc.js",
      ...sources.filter((path) => !/[\\/]_[^\\/]*$/.test(path)),
      // Relaxed SIMD is fused multiply-add; Node has it from 22 on.
      ..."--enable simd --enable relaxed-simd --enable bulk-memory".split(" "),
      ..."-O3 --converge --noAssert --runtime stub --importMemory --outFile".split(" "),
      output,
    ],
    { cwd: root, stdio: ["ignore", 2, 2] },
  );
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function isStale(): boolean {
  const built = statSync(new URL(`../${output}`, import.meta.url), { throwIfNoEntry: false });
  if (built === undefined) return true;
  return [...sources, "scripts/kernels.ts", "package-lock.json"].some(
    (path) => statSync(new URL(`../${path}`, import.meta.url)).mtimeMs > built.mtimeMs,
  );
}
