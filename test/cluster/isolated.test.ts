/** @file A cluster comes up from nothing, comes back after a restart of the machine, and goes without a trace: in namespaces of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { command } from "./command.ts";
import { useCluster } from "./use.ts";

const script = fileURLToPath(new URL("isolated.ts", import.meta.url));
const isForeign = (process.env["SLIPWAY_TEST_CONTEXT"] ?? "") !== "";

test.skipIf(isForeign)("the life of a cluster", async () => {
  // Says why where no cluster can be. The one in use stays: its own tests come after, and would tell.
  await useCluster();
  const home = mkdtempSync(join(tmpdir(), "slipway-cluster-"));
  try {
    const said = await command("unshare", ["--net", "--mount", process.execPath, script], {
      env: { SLIPWAY_CLUSTER_FOLDER: join(home, "cluster") },
    });
    expect(said.trim().split("\n").at(-1)).toBe("nothing left");
  } finally {
    rmSync(home, { recursive: true });
  }
});
