/** @file What `slipway diff` says of data, training and gate, where all is in the project's own store. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore, storeFolder } from "../../artifact/store/layout.ts";
import type { Store } from "../../artifact/types.ts";
import { digestOf } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { silent } from "../../base/progress.ts";
import { labelAudit } from "../../data/audit/define.ts";
import { csv } from "../../data/index.ts";
import type { Project, ProjectDefinition } from "../../project/types.ts";
import { forest } from "../../train/index.ts";
import { train } from "../up.ts";
import type { ClusterPlace } from "./place.ts";
import { planTraining } from "./plan.ts";

const root = mkdtempSync(join(tmpdir(), "slipway-plan-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const options = { report: silent, signal: new AbortController().signal };
const data = csv("rows.csv", { columns: ["x", "late"], target: "sign", time: "day", growing: true });
let store: Store;

/** A champion of the first 300 days, and a model that a gate held back: since then the sign is turned round. */
beforeAll(async () => {
  writeFileSync(join(root, "rows.csv"), makeRows(300));
  await train(makeProject({}), options);
  writeFileSync(join(root, "rows.csv"), makeRows(500));
  await train(makeProject({ gate: { accuracy: { atLeast: 2 } } }), options).catch((error: unknown) => {
    if (findSlipwayError(error)?.code !== "SLIPWAY_ARTIFACT_GATE_FAILED") throw error;
  });
  store = await openStore(storeFolder(root));
});

test.each<[string, Partial<ProjectDefinition>, RegExp]>([
  [
    "better on the same rows",
    { gate: { accuracy: { notWorseThanChampionBy: 0 } } },
    /^make p@sha256:\w+ the champion$/,
  ],
  [
    "not better by enough",
    { gate: { accuracy: { betterThanChampionBy: 0.9 } } },
    /^keep p@sha256:\w+ as the champion: the model is not better by enough$/,
  ],
  ["below a limit", { gate: { accuracy: { atLeast: 2 } } }, /^stop at the gate: the model is not good enough$/],
])("a known model that is %s", async (_case, changes, wanted) => {
  const { steps, trains } = await plan(changes);
  expect({ steps, trains }).toEqual({ steps: [expect.stringMatching(wanted)], trains: false });
});

test("labels are left for up to audit, and other settings for it to train", async () => {
  expect((await plan({ audit: labelAudit() })).steps[0]).toBe("audit the labels");
  const { steps, trains } = await plan({ train: forest({ trees: 3 }) });
  expect({ steps, trains }).toEqual({ steps: ["train on this machine"], trains: true });
});

function plan(changes: Partial<ProjectDefinition>): ReturnType<typeof planTraining> {
  const place = { deploy: { train: { on: "here" } } } as ClusterPlace;
  return planTraining(makeProject(changes), place, { store, own: store, shared: undefined }, options);
}

function makeProject(changes: Partial<ProjectDefinition>): Project {
  const definition = { name: "p", data, train: forest({ trees: 20 }), ...changes } as ProjectDefinition;
  const path = join(root, "slipway.config.ts");
  return { root, configPath: path, definition, codeDigest: digestOf("code"), appPath: path };
}

function makeRows(count: number): string {
  const rows = Array.from({ length: count }, (_, at) => {
    const x = Math.sin(77 * at);
    const up = at < 300 ? x > 0 : x < 0 !== (at % 7 === 0);
    const day = new Date(Date.UTC(2020, 0, 1 + at)).toISOString().slice(0, 10);
    return `${day},${x},${Number(at >= 300)},${up ? "up" : "down"}`;
  });
  return ["day,x,late,sign", ...rows].join("\n");
}
