import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sampleContent } from "../artifact/fixtures/sample.ts";
import { openStore, storeFolder } from "../artifact/store/layout.ts";
import type { Artifact } from "../artifact/types.ts";
import { bars, barsConfig, openFixture, readProblem, type Fixture } from "./_fixture.ts";
import { confusionAnswer, modelAnswer, modelsAnswer } from "./api.ts";

let at: Fixture;
let artifacts: Artifact[];
beforeAll(async () => {
  at = await openFixture({ "slipway.config.ts": barsConfig, ...bars });
});
afterAll(() => at[Symbol.asyncDispose]());

test("a project without models has an empty list, and serves nothing", async () => {
  expect(await at.get("/api/models", modelsAnswer)).toMatchObject({
    total: 0,
    models: [],
    moves: [],
    served: { state: "stopped", urls: [], findings: [] },
  });
});

describe("with models", () => {
  beforeAll(async () => {
    const store = await openStore(storeFolder(at.root));
    artifacts = [];
    for (let number = 0; number < 3; number++) {
      const startedAt = `2026-11-2${number + 1}T08:00:00Z`;
      const metrics = { accuracy: 0.9 + number / 100, loss: number === 1 ? Number.NaN : 0.1 };
      artifacts.push(
        await store.put(
          sampleContent({ name: "bars", model: `model ${number}`, lineage: { startedAt, metrics, seed: number } }),
        ),
      );
      await store.setAlias("bars", "champion", artifacts[number]!.digest);
    }
    await store.put(sampleContent({ name: "other", model: "of another project" }));
    await store.setAlias("bars", "old", artifacts[0]!.digest);
    await store.removeAlias("bars", "old");
  });

  test("they are listed with what was measured, and where aliases went, the newest first", async () => {
    const { total, models, moves } = await at.get("/api/models", modelsAnswer);
    const digests = artifacts.map(({ digest }) => digest);
    expect(total).toBe(3);
    expect(models.map(({ digest, aliases }) => [digest, aliases])).toEqual([
      [digests[2], ["champion"]],
      [digests[1], []],
      [digests[0], []],
    ]);
    // NaN has no JSON.
    expect(models[1]).toMatchObject({ metrics: { accuracy: 0.91, loss: null }, trainer: "sequential" });
    expect(moves.map(({ alias, from, to }) => [alias, from, to])).toEqual([
      ["old", digests[0], undefined],
      ["old", undefined, digests[0]],
      ["champion", digests[1], digests[2]],
      ["champion", digests[0], digests[1]],
      ["champion", undefined, digests[0]],
    ]);
    expect(moves[0]?.by).toMatch(/.@./);
    const second = await at.get("/api/models?from=1&count=1", modelsAnswer);
    expect(second.models.map(({ digest }) => digest)).toEqual([digests[1]]);
  });

  test("one is told with all of its lineage, its tensors and its own moves", async () => {
    const { digest } = artifacts[1]!;
    const found = await at.get(`/api/models/${digest}`, modelAnswer);
    expect(found).toMatchObject({
      name: "bars",
      digest,
      aliases: [],
      lineage: { seed: 1, code: artifacts[1]!.lineage.code },
    });
    expect(found.lineage.history).toEqual([{ epoch: 1, loss: 0.3, accuracy: 0.95 }]);
    expect(found.tensors).toEqual([
      { name: "image", datatype: "UINT8", shape: [-1, 28, 28, 1], gives: false },
      { name: "probabilities", datatype: "FP32", shape: [-1, 2], gives: true },
    ]);
    expect(found.moves).toHaveLength(2);
  });

  test("of other data than the present ones, no confusion is measured: it might know them by heart", async () => {
    const found = await at.get(`/api/models/${artifacts[0]!.digest}/confusion`, confusionAnswer);
    expect(found).toEqual({ reason: expect.stringContaining("other data") as string });
  });

  test.each([`sha256:${"0".repeat(64)}`, "nothing", "..%2f..%2fother", "champion%00"])(
    "%s is no model of the project's",
    async (digest) => {
      for (const tail of ["", "/confusion"]) {
        const answer = await at.ask(`/api/models/${digest}${tail}`);
        expect([400, 404]).toContain(answer.status);
        expect(readProblem(answer).code).toMatch(/^SLIPWAY_ARTIFACT_/);
      }
    },
  );
});
