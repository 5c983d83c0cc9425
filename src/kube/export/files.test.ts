import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { releases, scheduled } from "../_fixtures.ts";
import { toServerObjects } from "../server.ts";
import { splitImage, toYamlFiles } from "./files.ts";
import { toHelm } from "./helm.ts";
import { toKustomize } from "./kustomize.ts";
import { toExportObjects } from "./objects.ts";

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
    const files = toKustomize({ release });
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
    const files = toHelm({ release }, { version: "3.2.1" });
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

describe("a training by the clock", () => {
  test.each(Object.entries(scheduled))(
    "%s: is there with all that it needs, and what both need is there once",
    (_, one) => {
      const names = toExportObjects(one).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      expect(new Set(names).size).toBe(names.length);
      expect(names).toEqual(
        expect.arrayContaining(["Deployment/market", "ServiceAccount/market-train", "NetworkPolicy/market-train"]),
      );
      expect(names.at(-1)).toBe("CronJob/market-train");
      expect(names.filter((name) => name === "PersistentVolumeClaim/market-volume")).toHaveLength(
        "path" in one.run.store ? 1 : 0,
      );
    },
  );

  test("its image stands once in a Kustomize base, beside the one that serves", () => {
    const one = scheduled["market"]!;
    const files = toKustomize(one);
    expect((parse(files.get("kustomization.yaml")!) as { images: object[] }).images).toEqual([
      { name: "market", newName: "localhost:5001/market", digest },
      { name: "market-trainer", newName: "localhost:5001/market-trainer", digest: `sha256:${"e".repeat(64)}` },
    ]);
    expect(files.get("cronjob-market-train.yaml")).toContain("image: market-trainer\n");
    expect(files.get("deployment-market.yaml")).toContain("image: market\n");
  });

  test("a chart has its schedule, zone, image and resources as values; a switch leaves all of it out", () => {
    const files = toHelm(scheduled["own-image"]!);
    expect(parse(files.get("values.yaml")!)).toMatchObject({
      training: {
        enabled: true,
        schedule: "*/5 * * * *",
        timeZone: "Europe/Vienna",
        image: {
          repository: "localhost:5001/market-trainer",
          digest: `sha256:${"e".repeat(64)}`,
          tag: "",
          pullPolicy: "IfNotPresent",
        },
        resources: { requests: { cpu: "500m", memory: "1Gi", "nvidia.com/gpu": "1" } },
      },
    });
    const switched = [...files].filter(([, text]) => text.startsWith("{{- if .Values.training.enabled }}\n"));
    expect(switched.map(([path]) => path)).toEqual(
      ["serviceaccount", "networkpolicy", "cronjob"].map((kind) => `templates/${kind}-market-train.yaml`),
    );
    // Its own image is the project's to say, and so is how it is pulled.
    const cron = files.get("templates/cronjob-market-train.yaml")!;
    expect(cron).toContain("imagePullPolicy: IfNotPresent");
    expect(cron.split(".Values.training.image.pullPolicy")).toHaveLength(3);
    expect(cron).not.toContain(".Values.image.");
  });
});
