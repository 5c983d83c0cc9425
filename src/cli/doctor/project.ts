/** @file Is the project in order? Outside a project these checks do not apply. */
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { openStore, storeFolder } from "../../artifact/store/layout.ts";
import { shortDigest } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { readBirth, readState, statePath } from "../../deploy/local/state.ts";
import { findLocal } from "../../deploy/targets/local.ts";
import { formatItems } from "../view/format.ts";
import { openDataset } from "../../data/open.ts";
import { datasetStatus } from "../../data/status.ts";
import { describeContents } from "../../way/describe.ts";
import { fail, type Finding, ok, type Subject, warn } from "./check.ts";

export function checkProject({ project }: Subject): Finding | undefined {
  if (project === undefined) return undefined;
  for (const folder of [project.root, join(project.root, ".slipway")]) {
    if (!existsSync(folder)) continue;
    try {
      accessSync(folder, constants.W_OK);
    } catch {
      return fail(`${folder} is not writable`, `Let this account write there: ls -ld ${folder}`);
    }
  }
  return ok(`${project.definition.name} at ${project.root}, code ${shortDigest(project.codeDigest)}`);
}

export async function checkData({ project }: Subject): Promise<Finding | undefined> {
  const data = project?.definition.data;
  if (project === undefined || data === undefined) return undefined;
  try {
    const dataset = await openDataset(data, { root: project.root });
    const { state, lines, locked } = datasetStatus(dataset, project.root);
    const text = `${describeContents(dataset)}, ${shortDigest(dataset.digest)}`;
    if (state === "differs")
      return fail(
        `${text} differs from the lock of ${locked?.lockedAt}: ${lines.join("; ")}`,
        "Accept it with `slipway data lock`, or bring the files back.",
      );
    const [odd] = dataset.warnings;
    if (odd !== undefined) return warn(`${text}; ${odd.message}`, "See all remarks with `slipway data status`.");
    return ok(`${text}, ${state === "same" ? "as locked" : "not locked yet"}`);
  } catch (error) {
    return toFinding(error);
  }
}

export async function checkStore({ project }: Subject): Promise<Finding | undefined> {
  if (project === undefined) return undefined;
  try {
    const store = await openStore(storeFolder(project.root));
    const [artifacts, faults] = await Promise.all([store.list(), store.check()]);
    const [first] = faults;
    if (first !== undefined)
      return fail(`${formatItems(faults.length, "fault")} in the store: ${first.message}`, first.mend);
    return ok(artifacts.length === 0 ? "empty" : `${formatItems(artifacts.length, "model")}, every blob is whole`);
  } catch (error) {
    return toFinding(error);
  }
}

export async function checkServer({ project }: Subject): Promise<Finding | undefined> {
  if (project === undefined) return undefined;
  const path = statePath(project.root);
  const state = readState(project.root);
  if (state === undefined) {
    return existsSync(path) ? warn(`${path} cannot be read`, `Remove it: rm ${path}`) : ok("none is running");
  }
  if (readBirth(state.pid) !== state.born)
    return warn(
      `${path} names a server that is gone (pid ${state.pid})`,
      "Nothing to do: the next `slipway up` replaces it.",
    );
  const running = await findLocal(project.root);
  if (running === undefined)
    return fail(
      `the server at ${state.url} (pid ${state.pid}) does not answer`,
      `Stop it, then run slipway up again: kill ${state.pid}`,
    );
  return ok(`${state.url} serves ${shortDigest(running.served)} (pid ${state.pid})`);
}

function toFinding(error: unknown): Finding {
  const known = findSlipwayError(error);
  if (known === undefined) throw error;
  return fail(known.message, known.mend);
}
