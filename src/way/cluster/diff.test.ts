import { expect, test } from "vitest";
import type { KubeObject } from "../../kube/types.ts";
import { diffObjects } from "./diff.ts";

const deployment = (image: string, more: object = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "digits", namespace: "ml", ...more },
  spec: {
    template: {
      spec: {
        containers: [
          { name: "server", image, args: ["a", "b"] },
          { name: "beside", image: "other" },
        ],
      },
    },
  },
});

test("a changed field is told by its path, members of lists by their names", () => {
  expect(diffObjects(deployment("one"), deployment("two"))).toEqual([
    { path: "spec.template.spec.containers[server].image", before: "one", after: "two" },
  ]);
});

test("new and dropped fields have one side only", () => {
  const before = deployment("one", { annotations: { "slipway.dev/code": "x" } });
  const after = deployment("one", { labels: { team: "web" } });
  expect(diffObjects(before, after)).toEqual([
    { path: 'metadata.annotations["slipway.dev/code"]', before: "x" },
    { path: "metadata.labels.team", after: "web" },
  ]);
});

test("what the server writes is no difference", () => {
  const before = {
    ...deployment("one", { resourceVersion: "1", generation: 1, managedFields: [{}] }),
    status: { replicas: 1 },
  };
  const after = {
    ...deployment("one", { resourceVersion: "2", generation: 2, managedFields: [] }),
    status: { replicas: 2 },
  };
  expect(diffObjects(before, after)).toEqual([]);
});

test("a secret's change is told, and its content not", () => {
  const secret = (password: string): KubeObject => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "login" },
    type: "Opaque",
    data: { password },
  });
  const changes = diffObjects(secret("aHVudGVyMg=="), secret("c2VjcmV0"));
  expect(changes).toEqual([{ path: "data.password", before: "(secret)", after: "(secret)" }]);
});
