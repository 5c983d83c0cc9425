/** @file The API server's own word on our objects: every golden file passes its validation, and every pod in them the `restricted` standard. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../src/kube/types.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, kubectlWith, useCluster, useNamespace } from "./use.ts";

const folder = fileURLToPath(new URL("../golden/kube/", import.meta.url));
const goldens = globSync("*.yaml", { cwd: folder }).toSorted();

describe("the objects that we make", () => {
  let cluster: TestCluster;
  let namespace: TestNamespace;
  beforeAll(async () => {
    cluster = await useCluster();
    namespace = await useNamespace(cluster, "kube");
    await kubectl(cluster, "label", "namespace", namespace.name, "pod-security.kubernetes.io/enforce=restricted");
    // Pods are admitted only with an account that exists.
    const accounts = goldens.flatMap(read).filter(({ kind }) => kind === "ServiceAccount");
    await apply(accounts, "--field-manager=test", "--force-conflicts");
  });
  afterAll(() => namespace[Symbol.asyncDispose]());

  const apply = (objects: readonly object[], ...more: string[]) => {
    const items = objects.map((object) => ({
      ...object,
      metadata: { ...(object as KubeObject).metadata, namespace: namespace.name },
    }));
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
    return kubectlWith(cluster, list, ["apply", "--server-side", "--validate=strict", ...more, "--filename", "-"]);
  };

  test.each(goldens)("%s is taken as it is", async (golden) => {
    const objects = read(golden).filter(({ kind }) => kind !== "Namespace");
    const said = await apply(
      objects.map(withoutNodePorts),
      "--field-manager=golden",
      "--force-conflicts",
      "--dry-run=server",
    );
    expect(said.trim().split("\n")).toHaveLength(objects.length);
    expect(said).not.toContain("Warning");
  });

  test.each(goldens)("the pods of %s may run where only the restricted standard is allowed", async (golden) => {
    const pods = read(golden).flatMap((object) => podOf(object) ?? []);
    expect(pods).toHaveLength(1);
    expect(await apply(pods, "--field-manager=golden", "--dry-run=server")).toContain("serverside-applied");
  });

  test("schedules are taken and refused as our own check does", async () => {
    const { taken, refused } = JSON.parse(
      readFileSync(new URL("../golden/schedules.json", import.meta.url), "utf8"),
    ) as { taken: string[]; refused: string[] };
    const [cron] = read("schedule-market.yaml").filter(({ kind }) => kind === "CronJob");
    const ask = (schedules: readonly string[]) =>
      apply(
        schedules.map((schedule, i) => ({
          ...cron!,
          metadata: { name: `cron-${i}` },
          spec: { ...(cron!["spec"] as object), schedule },
        })),
        "--dry-run=server",
      );
    expect((await ask(taken)).trim().split("\n")).toHaveLength(taken.length);
    // A failing command shows its last lines alone.
    for (let at = 0; at < refused.length; at += 8) {
      const some = refused.slice(at, at + 8);
      const { message } = await ask(some).then(
        () => new Error("all of them were taken"),
        (error: Error) => error,
      );
      const named = new Set([...message.matchAll(/"(cron-\d+)" is invalid: spec\.schedule/g)].map(([, name]) => name));
      expect(some.filter((_, i) => !named.has(`cron-${i}`))).toEqual([]);
    }
  });

  test("that standard is in force here", async () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "plain" },
      spec: { containers: [{ name: "a", image: "a" }] },
    };
    await expect(apply([pod], "--dry-run=server")).rejects.toThrow("violates PodSecurity");
  });
});

function read(golden: string): KubeObject[] {
  return parseAllDocuments(readFileSync(folder + golden, "utf8")).map((document) => document.toJS() as KubeObject);
}

/** Somebody else on the cluster may have the port at this moment. */
function withoutNodePorts(object: KubeObject): KubeObject {
  if (object.kind !== "Service") return object;
  const spec = object["spec"] as { ports: { nodePort?: number }[] };
  return { ...object, spec: { ...spec, ports: spec.ports.map(({ nodePort: _nodePort, ...port }) => port) } };
}

interface Template {
  template?: { metadata: object; spec: object };
  jobTemplate?: { spec: Template };
}

/** The pod that a Deployment, Job or CronJob makes. */
function podOf(object: KubeObject): KubeObject | undefined {
  const spec = object["spec"] as Template | undefined;
  const template = spec?.template ?? spec?.jobTemplate?.spec.template;
  if (template === undefined) return undefined;
  // A Deployment's pods are always restarted, which is a pod's default.
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "probe" }, spec: template.spec };
}
