/** @file Before the tests of project `cluster`: the cluster comes up. After them it goes, if it was not there before, and nothing of it may be left. */
import { down } from "./down.ts";
import { compareMachine, lookAtMachine } from "./leftovers.ts";
import { ensureMachine } from "./packages.ts";
import { up } from "./up.ts";
import { existsSync } from "node:fs";
import { clusterFolder } from "./settings.ts";

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if ((process.env["SLIPWAY_TEST_CONTEXT"] ?? "") !== "") return undefined;
  await ensureMachine();
  const wasThere = existsSync(clusterFolder());
  const before = await lookAtMachine();
  await up((line) => process.stderr.write(`cluster: ${line}\n`));
  if (wasThere) return undefined;
  return async () => {
    await down();
    const left = compareMachine(before, await lookAtMachine());
    if (left.length > 0) throw new Error(`The cluster of the tests went and left:\n${left.join("\n")}`);
  };
}
