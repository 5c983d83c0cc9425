/** @file The API server goes away for 20 s in the middle of `up`: it waits, goes on, and ends right. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeTestProject, type TestProject, upOn } from "./project.ts";
import type { ClusterParts, TestCluster, TestNamespace } from "./types.ts";
import { kubectl, useCluster, useNamespace } from "./use.ts";

const awayMs = 20_000;

describe.skipIf((process.env["SLIPWAY_TEST_CONTEXT"] ?? "") !== "")("the API server is away for 20 s", () => {
  let cluster: TestCluster;
  let namespace: TestNamespace;
  let project: TestProject;

  beforeAll(async () => {
    cluster = await useCluster();
    namespace = await useNamespace(cluster, "away");
    project = makeTestProject(`{ expose: "nodePort", resources: { cpu: "100m", memory: "200Mi" } }`);
  });
  afterAll(async () => {
    await cluster?.parts?.start("apiserver");
    await (namespace as TestNamespace | undefined)?.[Symbol.asyncDispose]();
    (project as TestProject | undefined)?.[Symbol.dispose]();
  });

  // Controllers that lost their watches look again after up to half a minute: one such wait is enough for every run of the tests.
  test("while the Job trains", async () => {
    const parts = cluster.parts as ClusterParts;
    let away: Promise<void> | undefined;
    const waited: string[] = [];
    const goAway = async (): Promise<void> => {
      const until = performance.now() + awayMs;
      // It refuses connections at once, and takes seconds to end.
      await parts.stop("apiserver");
      await sleep(until - performance.now());
      await parts.start("apiserver");
    };
    const result = await upOn(cluster, namespace.name, await project.withSeed(1), {
      report(event) {
        // The first word of the step's own work: what it made is there by then, or is being made.
        if (event.step === "train" && away === undefined) away = goAway();
        if (/waiting for|wait for the API/i.test(event.label)) waited.push(event.label);
      },
    });
    await away;
    expect(away).not.toBeUndefined();
    expect(waited.length).toBeGreaterThan(0);
    expect(result.steps.map((each) => each.step)).toEqual([
      "data",
      "train",
      "gate",
      "artifact",
      "image",
      "deploy",
      "verify",
    ]);
    const image = await kubectl(
      cluster,
      "--namespace",
      namespace.name,
      "get",
      `deployment/${project.name}`,
      "-o=jsonpath={.status.availableReplicas}",
    );
    expect(image).toBe("1");
  });
});
