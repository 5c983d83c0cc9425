import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { releases } from "../_fixtures.ts";
import { toServerObjects } from "../server.ts";
import { splitImage, toYamlFiles } from "./files.ts";
import { toHelm } from "./helm.ts";
import { toKustomize } from "./kustomize.ts";

const digest = `sha256:${"a".repeat(64)}`;
const release = releases["intent"]!;
const objects = toServerObjects(release);

test.each([
  [`localhost:5001/team/digits@${digest}`, { repository: "localhost:5001/team/digits", digest }],
  ["localhost:5001/digits", { repository: "localhost:5001/digits" }],
  ["localhost:5001/digits:v1", { repository: "localhost:5001/digits", tag: "v1" }],
  [`digits:v1@${digest}`, { repository: "digits", tag: "v1", digest }],
])("%s", (reference, parts) => {
  expect(splitImage(reference)).toEqual(parts);
});

test("each object is a file, which is read as the object", () => {
  const files = toYamlFiles(objects);
  expect([...files.values()].map((text) => parse(text) as unknown)).toEqual(objects);
  expect(files.size).toBe(objects.length);
});

describe("the image and the namespace stand once", () => {
  const count = (texts: Iterable<string>, what: string) => [...texts].join("").split(what).length - 1;

  test("in a Kustomize base", () => {
    const files = toKustomize(objects, release);
    expect(parse(files.get("kustomization.yaml")!)).toEqual({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      namespace: "intent",
      resources: [...files.keys()].slice(1),
      images: [{ name: "intent", newName: "localhost:5001/intent", digest }],
    });
    expect([count(files.values(), "namespace: intent"), count(files.values(), digest)]).toEqual([1, 1]);
  });

  test("in a chart's values, the namespace nowhere", () => {
    const files = toHelm(objects, release, { version: "3.2.1" });
    expect([count(files.values(), "namespace: intent"), count(files.values(), digest)]).toEqual([0, 1]);
    expect(parse(files.get("Chart.yaml")!)).toMatchObject({ name: "intent", version: "3.2.1", apiVersion: "v2" });
    expect(parse(files.get("values.yaml")!)).toEqual({
      image: { repository: "localhost:5001/intent", digest, tag: "", pullPolicy: "IfNotPresent" },
      autoscaling: { min: 2, max: 4, cpu: 70 },
      resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "256Mi" } },
      service: { type: "ClusterIP", port: 6000 },
      ingress: { enabled: true, className: "traefik", host: "intent.example.com", path: "/", tlsSecret: "intent-tls" },
    });
  });
});
