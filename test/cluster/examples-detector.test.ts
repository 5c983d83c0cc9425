/** @file The detector on the cluster: its login from a Secret, its names from a ConfigMap, its port from the environment, its image from localhost:5001. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyExample, openExample, type UpDocument } from "../example.ts";
import { boxOfLight, drawLight, makeLightWeights } from "../ssd-weights.ts";
import type { TestCluster } from "./types.ts";
import { kubectl, kubectlJson, useCluster } from "./use.ts";

const name = `detector-${randomBytes(4).toString("hex")}`;
const example = copyExample("detector");
const login = { username: "ada", password: randomBytes(9).toString("base64url") };
let cluster: TestCluster;
let up: UpDocument;

beforeAll(async () => {
  cluster = await useCluster();
  await kubectl(cluster, "create", "namespace", name);
  await kubectl(
    cluster,
    "create",
    "secret",
    "generic",
    "detector-login",
    `--namespace=${name}`,
    "--type=kubernetes.io/basic-auth",
    `--from-literal=username=${login.username}`,
    `--from-literal=password=${login.password}`,
  );
  const path = join(example.folder, "slipway.config.ts");
  const text = readFileSync(path, "utf8").replace(`name: "detector"`, `name: "${name}"`);
  writeFileSync(path, text.replace("size: 105_151_288,", ""));
  writeFileSync(join(example.folder, "light.pth"), makeLightWeights({ classes: 21, kind: 7 }));
  writeFileSync(join(example.folder, "labels.txt"), "1,1,person\n8,7,delivery van\n");
  const words = ["--target", cluster.context, "--kubeconfig", cluster.kubeconfig, "--namespace", name];
  up = await example.up(...words, "--weights", "light.pth");
});
afterAll(async () => {
  await kubectl(cluster, "delete", "namespace", name, "--wait=false", "--ignore-not-found");
  await example[Symbol.asyncDispose]();
});

test("one command goes the whole way", () => {
  expect(up.steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual(
    ["data", "train", "gate", "artifact", "image", "deploy", "verify"].map((step) => `${step} done`),
  );
  expect(up.url).toMatch(/^http:\/\/[\d.]+:5000$/);
});

test("with the Secret's login boxes come back, named by the ConfigMap, in the picture's pixels", async () => {
  const place = [4, 2] as const;
  const answer = await send(drawLight(450, 300, place), login);
  const { labels, boxes } = (await answer.json()) as { labels: string[]; boxes: number[][] };
  expect([answer.status, labels]).toEqual([200, ["delivery van"]]);
  expect(boxes).toEqual([boxOfLight(450, 300, place).map((corner) => expect.closeTo(corner, -0.35) as number)]);
});

describe("slipway predict", () => {
  const words = (context: string, kubeconfig: string): string[] => [
    "predict",
    "light.png",
    "--target",
    context,
    "--kubeconfig",
    kubeconfig,
    "--namespace",
    name,
    "--json",
  ];
  beforeAll(() => writeFileSync(join(example.folder, "light.png"), drawLight(450, 300, [4, 2])));

  test("takes the login from the Secret, and shows it nowhere", async () => {
    const { stdout, stderr } = await example.run(...words(cluster.context, cluster.kubeconfig), "--verbose");
    expect(JSON.parse(stdout)).toMatchObject([{ file: "light.png", labels: ["car"] }]);
    expect(stdout + stderr).not.toContain(login.password);
  });

  test("names what to set to one who may not read Secrets, and takes it from the environment then", async () => {
    const kubeconfig = join(example.folder, "viewer.json");
    writeFileSync(kubeconfig, await writeViewer());
    const refused = await example.run(...words("viewer", kubeconfig));
    expect(refused.status).toBe(5);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      error: {
        code: "SLIPWAY_WAY_LOGIN_FORBIDDEN",
        mend: expect.stringMatching(
          `^Set SECRET_USERNAME and SECRET_PASSWORD here .* auth can-i get secret/detector-login --namespace ${name}$`,
        ) as string,
      },
    });
    const knowing = openExample(example.folder, { SECRET_USERNAME: login.username, SECRET_PASSWORD: login.password });
    const { stdout } = await knowing.run(...words("viewer", kubeconfig));
    expect(JSON.parse(stdout)).toMatchObject([{ labels: ["car"] }]);
  });
});

/** A kubeconfig for one who may look at all but Secrets. */
async function writeViewer(): Promise<string> {
  const inNamespace = (...words: string[]) => kubectl(cluster, ...words, `--namespace=${name}`);
  await inNamespace("create", "serviceaccount", "viewer");
  await inNamespace("create", "rolebinding", "viewer", "--clusterrole=view", `--serviceaccount=${name}:viewer`);
  const token = (await inNamespace("create", "token", "viewer")).trim();
  const whole = await kubectlJson<{ contexts: { name: string; context: object }[] }>(
    cluster,
    "config",
    "view",
    "--raw",
  );
  const entry = whole.contexts.find((one) => one.name === cluster.context);
  const contexts = [{ name: "viewer", context: { ...entry?.context, user: "viewer" } }];
  return JSON.stringify({ ...whole, users: [{ name: "viewer", user: { token } }], contexts });
}

test("with any other login nothing does, the project's fallback among them", async () => {
  const logins = [undefined, { ...login, password: "guess" }, { username: "ugain", password: "ugain" }];
  for (const other of logins) {
    const answer = await send(drawLight(30, 30, [1, 1]), other);
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([
      401,
      `Basic realm="${name}", charset="UTF-8"`,
    ]);
  }
});

test("Secret, ConfigMap, PORT and registry are where the project says", async () => {
  const { spec } = await kubectlJson<Deployment>(cluster, "get", "deployment", name, `--namespace=${name}`);
  const [container] = spec.template.spec.containers;
  const { image, ports, env, volumeMounts } = container!;
  expect(image).toMatch(new RegExp(`^localhost:5001/${name}@sha256:[0-9a-f]{64}$`));
  expect(ports.map(({ containerPort }) => containerPort)).toEqual([8080]);
  expect(env).toContainEqual({
    name: "SECRET_PASSWORD",
    valueFrom: { secretKeyRef: { name: "detector-login", key: "password" } },
  });
  expect(volumeMounts.map(({ mountPath }) => mountPath)).toContain("/etc/detector/labels.txt");
  const { data } = await kubectlJson<{ data: Record<string, string> }>(
    cluster,
    "get",
    "configmap",
    `${name}-files`,
    `--namespace=${name}`,
  );
  expect(data).toEqual({ "labels.txt": "1,1,person\n8,7,delivery van\n" });
});

interface Deployment {
  spec: {
    template: {
      spec: {
        containers: {
          image: string;
          ports: { containerPort: number }[];
          env: object[];
          volumeMounts: { mountPath: string }[];
        }[];
      };
    };
  };
}

function send(picture: Uint8Array, caller: typeof login | undefined): Promise<Response> {
  const form = new FormData();
  form.append("image", new Blob([Buffer.from(picture)]), "picture.png");
  const headers: Record<string, string> =
    caller === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${caller.username}:${caller.password}`).toString("base64")}` };
  return fetch(`${up.url}/predict`, { method: "POST", body: form, headers });
}
