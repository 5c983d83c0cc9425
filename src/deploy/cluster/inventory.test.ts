import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  allKinds,
  findKinds,
  inventoryId,
  listGroupKinds,
  makeParent,
  markMember,
  parentRef,
  partOf,
  rankOf,
  readContents,
  withContents,
} from "./inventory.ts";

const ref = parentRef("digits", "models", "server");

test("the id is KEP-3659's: the hash of the parent's name, namespace, kind and group", () => {
  const hash = createHash("sha256").update("slipway-digits.models.ConfigMap.").digest("base64url");
  expect(inventoryId(ref)).toBe(`applyset-${hash}-v1`);
  expect(inventoryId(ref).length).toBeLessThanOrEqual(63);
});

test("a training's set is another one, whatever the project is called", () => {
  expect(parentRef("digits", "models", "training").name).toBe("slipway-digits.training");
  expect(parentRef("digits.training", "models", "server").name).toBe("slipway-digits-training");
});

test("contents are written sorted and once, and read back", () => {
  const parent = makeParent("digits", ref, "server");
  expect(readContents(parent)).toEqual({ kinds: [], namespaces: [] });
  const filled = withContents(parent, { kinds: ["Service", "Deployment.apps", "Service"], namespaces: ["b", "a"] });
  expect(readContents(filled)).toEqual({ kinds: ["Deployment.apps", "Service"], namespaces: ["a", "b"] });
  expect(filled.metadata.annotations?.["applyset.kubernetes.io/tooling"]).toMatch(/^slipway\/v\d+\.\d+\.\d+$/);
  expect(readContents(withContents(filled, { kinds: [], namespaces: [] }))).toEqual({ kinds: [], namespaces: [] });
});

test("a member keeps its labels, and the object that was given stays as it was", () => {
  const object = Object.freeze({
    apiVersion: "v1",
    kind: "Service",
    metadata: Object.freeze({ name: "a", labels: Object.freeze({ x: "1" }) }),
  });
  expect(markMember(object, "applyset-1").metadata.labels).toEqual({ x: "1", [partOf]: "applyset-1" });
});

test("kinds are named with their groups, and those of a later version are told apart", () => {
  expect(
    listGroupKinds([
      { apiVersion: "apps/v1", kind: "Deployment" },
      { apiVersion: "v1", kind: "Service" },
      { apiVersion: "v1", kind: "Service" },
    ]),
  ).toEqual(["Deployment.apps", "Service"]);
  const { known, unknown } = findKinds(["Service", "Ingress.networking.k8s.io", "Thing.later.example"]);
  expect(known.map(({ kind }) => kind)).toEqual(["Ingress", "Service"]);
  expect(unknown).toEqual(["Thing.later.example"]);
  expect(findKinds(allKinds).unknown).toEqual([]);
});

test("what others need is applied before them", () => {
  const order = ["Ingress", "Deployment", "Service", "ConfigMap", "Namespace"].toSorted(
    (a, b) => rankOf({ kind: a }) - rankOf({ kind: b }),
  );
  expect(order).toEqual(["Namespace", "ConfigMap", "Service", "Deployment", "Ingress"]);
});
