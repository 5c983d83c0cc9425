/** @file Before the tests of project `cluster`: the cluster comes up. After them it goes, if it was not there before, and nothing of it may be left. */
import { existsSync } from "node:fs";
import { down } from "./down.ts";
import { compareMachine, lookAtMachine, type Snapshot } from "./leftovers.ts";
import { ensureMachine } from "./packages.ts";
import { clusterFolder, failureVariable } from "./settings.ts";
import { up } from "./up.ts";

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if ((process.env["SLIPWAY_TEST_CONTEXT"] ?? "") !== "") return undefined;
  const wasThere = existsSync(clusterFolder());
  let before: Snapshot | undefined;
  try {
    await ensureMachine();
    before = await lookAtMachine();
    await up((line) => process.stderr.write(`cluster: ${line}\n`));
  } catch (error) {
    // Thrown here it would end the whole run, tests that need no cluster included: those that do throw it.
    process.env[failureVariable] = (error as Error).message;
  }
  if (wasThere || before === undefined) return undefined;
  const untouched = before;
  return async () => {
    await down();
    const left = compareMachine(untouched, await lookAtMachine());
    if (left.length > 0) throw new Error(`The cluster of the tests went and left:\n${left.join("\n")}`);
  };
}
