import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { openDataset } from "../data/open.ts";
import { lockDataset } from "../data/status.ts";
import { loadProject } from "../project/load.ts";
import { requireTraining } from "../project/training.ts";
import { auditFolder, keepAudit, readKeptAudit } from "../way/audit/record.ts";
import type { AuditRecord } from "../way/audit/schema.ts";
import { bars, barsConfig, openFixture, readProblem, textConfig, texts, type Fixture } from "./_fixture.ts";
import { auditAnswer, suspicionsAnswer, type AuditJob } from "./api.ts";
import { auditRunning, requestInvalid } from "./errors.ts";

let at: Fixture;
beforeEach(async () => {
  at = await openFixture({ "slipway.config.ts": barsConfig, ...bars });
  onTestFinished(() => at[Symbol.asyncDispose]());
});

async function lock(): Promise<void> {
  const { definition } = await loadProject(at.root);
  lockDataset(await openDataset(requireTraining(definition).data, { root: at.root }), at.root);
}

const readJob = async (): Promise<AuditJob> => (await at.get("/api/audit", auditAnswer)).job;
const state = async (): Promise<string> => (await readJob()).state;

describe("an audit from the page", () => {
  test("is one at a time, tells what it does, and its findings are kept where the command keeps them", async () => {
    await lock();
    for (const name of ["3", "4"])
      renameSync(join(at.root, `data/lying/${name}.png`), join(at.root, `data/upright/moved${name}.png`));
    await lock();
    const started = await at.post("/api/audit", { folds: 2, epochs: 2 });
    expect(started.status).toBe(202);
    expect(auditAnswer.parse(JSON.parse(started.text)).job).toMatchObject({ state: "running", stopping: false });
    const second = await at.post("/api/audit", {});
    expect({ status: second.status, code: readProblem(second).code }).toEqual({ status: 409, code: auditRunning.code });
    await expect.poll(state).toBe("done");

    const { last } = await at.get("/api/audit", auditAnswer);
    expect(last).toMatchObject({ count: 48, labels: ["lying", "upright"], judge: "folds" });
    expect(last?.comparedWith).toMatch(/^20\d\d-/);
    expect(last?.alarms).toContain("2 files that an earlier lock had as lying are upright now");
    expect(last?.groups[0]).toMatchObject({ kind: "relabelled", count: 2, pairs: [] });
    const { total, suspicions } = await at.get("/api/audit/suspicions?kind=relabelled", suspicionsAnswer);
    expect(total).toBe(2);
    expect(suspicions.map(({ path }) => path).toSorted()).toEqual(["upright/moved3.png", "upright/moved4.png"]);
    expect(suspicions[0]).toMatchObject({ label: "upright", looksLike: "lying", kind: "relabelled" });
    expect((await readKeptAudit(auditFolder(at.root)))?.digest).toBe(last?.digest);
    expect(readdirSync(auditFolder(at.root)).filter((name) => name.endsWith(".f32"))).toHaveLength(1);
  });

  test("can be stopped, and leaves what was found before alone", async () => {
    await keepAudit(auditFolder(at.root), makeRecord(3));
    await at.post("/api/audit", { folds: 20, epochs: 1000 });
    // Models are being trained, or about to be.
    await expect.poll(async () => (await readJob()) as { label?: string }).toMatchObject({ label: expect.any(String) });
    expect((await at.post("/api/audit/stop", {})).status).toBe(202);
    await expect.poll(state).toBe("stopped");
    expect((await at.get("/api/audit", auditAnswer)).last?.suspicions).toBe(3);
    expect((await at.post("/api/audit", { folds: 2, epochs: 1 })).status).toBe(202);
    await expect.poll(state).toBe("done");
  });

  test("ends with the console", async () => {
    await at.post("/api/audit", { folds: 20, epochs: 1000 });
    await at.console.close();
    expect(existsSync(join(auditFolder(at.root), "last.json"))).toBe(false);
  });

  test("of data that have none is refused in the command's words", async () => {
    const other = await openFixture({ "slipway.config.ts": textConfig, "talk.jsonl": texts });
    onTestFinished(() => other[Symbol.asyncDispose]());
    await other.post("/api/audit", {});
    const { job } = await expect
      .poll(() => other.get("/api/audit", auditAnswer))
      .toMatchObject({ job: { state: "failed", problem: { code: "SLIPWAY_DATA_AUDIT_KIND" } } })
      .then(() => other.get("/api/audit", auditAnswer));
    expect(job.state).toBe("failed");
  });
});

describe("what the last audit found", () => {
  test("comes in pages, the surest first, all or of one pair of labels", async () => {
    await keepAudit(auditFolder(at.root), makeRecord(150));
    const { last } = await at.get("/api/audit", auditAnswer);
    expect(last?.groups).toEqual([
      {
        kind: "pair",
        title: "Exchanged labels",
        text: expect.any(String) as string,
        count: 150,
        pairs: [
          { label: "a", looksLike: "b", count: 100 },
          { label: "b", looksLike: "a", count: 50 },
        ],
      },
    ]);
    const first = await at.get("/api/audit/suspicions?kind=pair", suspicionsAnswer);
    expect({ total: first.total, shown: first.suspicions.length }).toEqual({ total: 150, shown: 60 });
    expect(first.suspicions[0]?.path).toBe("149.png");
    const rest = await at.get("/api/audit/suspicions?kind=pair&from=60&count=500", suspicionsAnswer);
    expect([...first.suspicions, ...rest.suspicions].map(({ path }) => path)).toEqual(
      Array.from({ length: 150 }, (_, number) => `${149 - number}.png`),
    );
    const pair = await at.get("/api/audit/suspicions?kind=pair&label=b&looksLike=a", suspicionsAnswer);
    expect({ total: pair.total, labels: new Set(pair.suspicions.map(({ label }) => label)) }).toEqual({
      total: 50,
      labels: new Set(["b"]),
    });
    expect((await at.get("/api/audit/suspicions?kind=noise", suspicionsAnswer)).total).toBe(0);
  });

  test.each(["", "?kind=other", "?kind=pair&from=-1", "?kind=pair&count=0", "?kind=pair&count=100000"])(
    "%s is no question",
    async (query) => {
      expect(readProblem(await at.ask(`/api/audit/suspicions${query}`)).code).toBe(requestInvalid.code);
    },
  );

  test("of another version, or broken, is as if there were none", async () => {
    const path = join(auditFolder(at.root), "last.json");
    await keepAudit(auditFolder(at.root), makeRecord(1));
    const whole = readFileSync(path, "utf8");
    for (const text of [whole.slice(0, 50), whole.replace('"version":1', '"version":9'), "null", ""]) {
      writeFileSync(path, text);
      expect(await at.get("/api/audit", auditAnswer)).toEqual({ job: { state: "idle" } });
    }
  });
});

/** Two of three look from a to b, the others back; the later, the surer. */
function makeRecord(count: number): AuditRecord {
  return {
    version: 1,
    at: "2026-11-21T08:00:00.000Z",
    digest: `sha256:${"a".repeat(64)}`,
    count: 1000,
    labels: ["a", "b"],
    judge: "folds",
    alarms: ["a and b look exchanged"],
    pairs: [],
    drift: [],
    suspicions: Array.from({ length: count }, (_, number) => ({
      path: `${number}.png`,
      kind: "pair" as const,
      label: number % 3 === 2 ? "b" : "a",
      looksLike: number % 3 === 2 ? "a" : "b",
      margin: number / count,
    })),
  };
}
