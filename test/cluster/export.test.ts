/** @file What is exported, as its readers read it: kubectl the files and the Kustomize base, Helm the chart. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { releases, scheduled } from "../../src/kube/_fixtures.ts";
import { type Files, toYamlFiles } from "../../src/kube/export/files.ts";
import { toHelm } from "../../src/kube/export/helm.ts";
import { toKustomize } from "../../src/kube/export/kustomize.ts";
import { type Exportable, toExportObjects } from "../../src/kube/export/objects.ts";
import type { KubeObject, ServerRelease } from "../../src/kube/types.ts";
import { command } from "./command.ts";
import { provideHelm } from "./helm.ts";
import type { TestCluster } from "./types.ts";
import { kubectl, useCluster, useNamespace } from "./use.ts";

/** Braces of Go templates, and texts that YAML could take for something else. */
const nasty: ServerRelease = {
  ...releases["detector"]!,
  project: "nasty",
  deploy: {
    env: {
      BRACES: "{{ .Values.image }} }} {{",
      YES: "yes",
      TIME: "12:30:45",
      LINES: "a\nb: {{c}}\n",
      SPACE: " ",
      SLOT: "SLOT0SLOT",
    },
    files: { "/etc/template.txt": { content: "{{- range }}\n  #no comment\n" } },
  },
};
const cases: [string, Exportable][] = [
  ...Object.entries({ ...releases, nasty }).map(([name, release]): [string, Exportable] => [name, { release }]),
  ...Object.entries(scheduled).map(([name, one]): [string, Exportable] => [`${name}-scheduled`, one]),
];
/** The same in another namespace, which others made. */
function place({ release, run }: Exportable, namespace = release.namespace): Exportable {
  const there = { ownsNamespace: false, namespace };
  return { release: { ...release, ...there }, run: run && { ...run, ...there } };
}

let cluster: TestCluster;
let folder: string;
let helm: string;
beforeAll(async () => {
  [cluster, helm, folder] = await Promise.all([
    useCluster(),
    provideHelm(),
    mkdtemp(join(tmpdir(), "slipway-export-")),
  ]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, files: Files): Promise<string> {
  for (const [path, text] of files) {
    const file = join(folder, name, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return join(folder, name);
}

describe("YAML files", () => {
  test.each(cases)("%s: kubectl reads the objects as they are", async (name, one) => {
    const objects = toExportObjects(place(one));
    const at = await write(`yaml-${name}`, toYamlFiles(objects));
    const read = await kubectl(
      cluster,
      "create",
      "--dry-run=client",
      "--validate=false",
      "--output=yaml",
      "--filename",
      at,
    );
    expect(toMap(unlist(read))).toEqual(toMap(objects));
  });
});

describe("a Kustomize base", () => {
  test.each(cases)("%s: built, it is the objects as they are", async (name, one) => {
    const objects = toExportObjects(one);
    const at = await write(`kustomize-${name}`, toKustomize(one));
    expect(toMap(unlist(await kubectl(cluster, "kustomize", at)))).toEqual(toMap(objects));
  });

  test("an overlay changes image and namespace in one place", async () => {
    const release = releases["digits"]!;
    await write("kustomize-base", toKustomize(place({ release })));
    const overlay =
      "namespace: staging\nresources: [../kustomize-base]\nimages: [{ name: localhost:5001/digits, newTag: v2, digest: '' }]\n";
    const at = await write("kustomize-overlay", new Map([["kustomization.yaml", overlay]]));
    const built = unlist(await kubectl(cluster, "kustomize", at));
    expect(new Set(built.map(({ metadata }) => metadata.namespace))).toEqual(new Set(["staging"]));
    expect(imagesOf(built)).toEqual(["localhost:5001/digits:v2"]);
  });
});

describe("a Helm chart", () => {
  const template = async (at: string, ...args: string[]) =>
    unlist(
      await command(helm, [
        "template",
        "any-name",
        at,
        "--namespace",
        "elsewhere",
        "--kube-version",
        "1.34.0",
        ...args,
      ]),
    );
  const writeChart = (name: string, one: Exportable) => write(`helm-${name}`, toHelm(one, { version: "1.2.3" }));

  test.each(cases)(
    "%s: lint has nothing to say, and with its own values it is the objects as they are",
    async (name, one) => {
      const at = await writeChart(name, one);
      expect(await command(helm, ["lint", "--strict", at])).toContain("1 chart(s) linted, 0 chart(s) failed");
      const objects = toExportObjects(place(one, "elsewhere"));
      expect(toMap(await template(at))).toEqual(toMap(objects.map(manageByHelm)));
    },
  );

  test("values change what they say, and nothing else", async () => {
    const at = await writeChart("values", { release: releases["intent"]! });
    const plain = await template(at);
    const changed = await template(
      at,
      ...Object.entries({
        "image.digest": "",
        "image.tag": "v2",
        "image.repository": "r.example.com/intent",
        "autoscaling.max": "9",
        "ingress.host": "",
        "ingress.className": "nginx",
        "ingress.path": "/v1",
        "ingress.tlsSecret": "",
        "service.type": "NodePort",
        "service.port": "80",
        "service.nodePort": "30123",
      }).map(([name, value]) => `--set=${name}=${value}`),
    );
    expect(imagesOf(changed)).toEqual(["r.example.com/intent:v2"]);
    const find = (objects: readonly KubeObject[], kind: string) =>
      objects.find((object) => object.kind === kind)?.["spec"];
    expect(find(changed, "Ingress")).toEqual({
      ingressClassName: "nginx",
      rules: [
        {
          host: "",
          http: {
            paths: [
              { path: "/v1", pathType: "Prefix", backend: { service: { name: "intent", port: { number: 80 } } } },
            ],
          },
        },
      ],
    });
    expect(find(changed, "Service")).toMatchObject({
      type: "NodePort",
      ports: [{ port: 80, nodePort: 30_123, targetPort: "http" }],
    });
    expect(find(changed, "HorizontalPodAutoscaler")).toMatchObject({ minReplicas: 2, maxReplicas: 9 });
    const same = ["ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "ServiceAccount"];
    for (const kind of same) expect(find(changed, kind)).toEqual(find(plain, kind));
    const without = await template(at, "--set", "ingress.enabled=false");
    expect(without.map(({ kind }) => kind)).not.toContain("Ingress");
    expect(without).toHaveLength(plain.length - 1);
  });

  test("values change the training by the clock, and leave it out", async () => {
    const at = await writeChart("training", scheduled["market"]!);
    const [plain, changed, without] = await Promise.all([
      template(at),
      template(
        at,
        ...["image.digest=", "image.tag=v3", "schedule=0 4 * * *", "timeZone=Etc/UTC", "resources.requests.cpu=2"].map(
          (value) => `--set=training.${value}`,
        ),
      ),
      template(at, "--set=training.enabled=false"),
    ]);
    const cron = changed.find(({ kind }) => kind === "CronJob")!;
    expect(cron["spec"]).toMatchObject({ schedule: "0 4 * * *", timeZone: "Etc/UTC" });
    expect(imagesOf([cron])).toEqual(["localhost:5001/market-trainer:v3"]);
    expect(JSON.stringify(cron)).toContain(
      '"resources":{"limits":{"memory":"1Gi"},"requests":{"cpu":2,"memory":"1Gi"}}',
    );
    const isSame = ({ kind }: KubeObject) => kind !== "CronJob";
    expect(toMap(changed.filter(isSame))).toEqual(toMap(plain.filter(isSame)));
    expect(toMap(without)).toEqual(toMap(plain.filter(({ metadata }) => metadata.name !== "market-train")));
  });

  test("without digest and tag it says what is missing", async () => {
    const at = await writeChart("untagged", { release: releases["digits"]! });
    await expect(template(at, "--set", "image.digest=")).rejects.toThrow("image.digest or image.tag is missing");
  });

  test.each([
    ["intent", { release: releases["intent"]! }],
    ["market", scheduled["market"]!],
  ])("the cluster takes what helm installs: %s", async (name, one) => {
    await using namespace = await useNamespace(cluster, "helm");
    const at = await writeChart(`install-${name}`, one);
    const access = [
      "--kubeconfig",
      cluster.kubeconfig,
      "--kube-context",
      cluster.context,
      "--namespace",
      namespace.name,
    ];
    const said = await command(helm, ["install", "trial", at, "--dry-run=server", ...access]);
    expect(said).toContain(`port-forward service/${name} ${one.release.port}\n`);
  });
});

function unlist(text: string): KubeObject[] {
  const documents = parseAllDocuments(text).map(
    (document) => document.toJS() as (KubeObject & { items?: KubeObject[] }) | null,
  );
  return documents.flatMap((each) => (each === null ? [] : (each.items ?? [each])));
}

/** By name; sets of labels and the like have no order. */
function toMap(objects: readonly KubeObject[]): Record<string, KubeObject> {
  return Object.fromEntries(objects.map((object) => [`${object.kind}/${object.metadata.name}`, object]));
}

function manageByHelm(object: KubeObject): KubeObject {
  return JSON.parse(
    JSON.stringify(object).replaceAll(
      '"app.kubernetes.io/managed-by":"slipway"',
      '"app.kubernetes.io/managed-by":"Helm"',
    ),
  ) as KubeObject;
}

function imagesOf(objects: readonly KubeObject[]): string[] {
  return [...JSON.stringify(objects).matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image!);
}
