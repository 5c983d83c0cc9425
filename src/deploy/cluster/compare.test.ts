import { assert, dictionary, jsonValue, property, string } from "fast-check";
import { expect, test } from "vitest";
import type { KubeObject } from "../../kube/types.ts";
import { compareObjects, normalise } from "./compare.ts";

const deployment = (containers: object[], replicas = 1): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "digits" },
  spec: { replicas, template: { spec: { containers } } },
});

test("fields are told by path, members of lists by their names", () => {
  const before = deployment([{ name: "server", image: "a", args: ["x"] }]);
  const after = deployment(
    [
      { name: "extra", image: "c" },
      { name: "server", image: "b", args: ["x", "y"] },
    ],
    2,
  );
  expect(compareObjects(before, after)).toEqual([
    { path: "spec.replicas", before: "1", after: "2" },
    { path: "spec.template.spec.containers[server].image", before: "a", after: "b" },
    { path: "spec.template.spec.containers[server].args", before: '["x"]', after: '["x","y"]' },
    { path: "spec.template.spec.containers[extra].name", after: "extra" },
    { path: "spec.template.spec.containers[extra].image", after: "c" },
  ]);
});

test("what the server writes is no difference", () => {
  const wanted = deployment([{ name: "server" }]);
  const live = {
    ...wanted,
    metadata: {
      name: "digits",
      uid: "1",
      resourceVersion: "7",
      generation: 3,
      creationTimestamp: "2026-01-01T00:00:00Z",
      managedFields: [{ manager: "slipway" }],
      annotations: { "deployment.kubernetes.io/revision": "4" },
    },
    status: { replicas: 1 },
  };
  expect(compareObjects(live, wanted)).toEqual([]);
});

test("a secret's values are never shown, but that they change is", () => {
  const secret = (fields: object): KubeObject => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s" },
    ...fields,
  });
  const base64 = Buffer.from("hunter2").toString("base64");
  const changes = compareObjects(
    secret({ data: { password: base64, user: "YWRh" } }),
    secret({ stringData: { password: "hunter3", user: "ada" } }),
  );
  expect(changes.map(({ path }) => path)).toEqual(["data.password"]);
  expect(JSON.stringify(changes)).not.toMatch(/hunter|aHVudGVy/);
  expect(changes[0]!.before).toMatch(/^•{6} \([0-9a-f]{6}\)$/);
  expect(changes[0]!.before).not.toBe(changes[0]!.after);
});

test("names with dots are quoted in the path", () => {
  const annotated = (value: string): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", annotations: { "slipway.dev/model": value } },
  });
  expect(compareObjects(annotated("1"), annotated("2"))).toEqual([
    { path: 'metadata.annotations["slipway.dev/model"]', before: "1", after: "2" },
  ]);
});

test("an object differs from itself in nothing, and from none in every leaf", () => {
  const values = dictionary(string(), jsonValue());
  assert(
    property(values, (data) => {
      const object: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data };
      expect(compareObjects(object, structuredClone(object))).toEqual([]);
      expect(compareObjects(undefined, object).length).toBeGreaterThanOrEqual(3);
      expect(compareObjects(undefined, object).every(({ before }) => before === undefined)).toBe(true);
      expect(normalise(object)["data"]).toEqual(data);
    }),
  );
});
