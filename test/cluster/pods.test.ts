/** @file Pods that we describe, as nodes run them: what they may read and write, what they see, when they are ready, how trainings end. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { textEntry } from "../../src/image/tar/entry.ts";
import { toServerObjects } from "../../src/kube/server.ts";
import { nameJob, toTrainingObjects } from "../../src/kube/training.ts";
import type { KubeObject, ServerRelease, TrainingRun } from "../../src/kube/types.ts";
import type { DeployDefinition } from "../../src/project/deploy.ts";
import { makeBasicAuthSecret, makeSecret } from "./secret.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, kubectlApply, kubectlJson, pushTestImage, type TestImage, useCluster, useNamespace } from "./use.ts";

const project = "pods";
const patient = { timeout: 90_000, interval: 250 };

let cluster: TestCluster;
let namespace: TestNamespace;
let server: TestImage;
const inNamespace = (...args: string[]) => kubectl(cluster, `--namespace=${namespace.name}`, ...args);
const apply = (objects: readonly KubeObject[]) => kubectlApply(cluster, namespace.name, objects);

beforeAll(async () => {
  cluster = await useCluster();
  [namespace, server] = await Promise.all([
    useNamespace(cluster, "pods"),
    pushTestImage(cluster, {
      name: "test/pods",
      files: ["healthz", "readyz"].map((name) => textEntry(`www/${name}`, "ok\n")),
      command: ["/bin/httpd", "-f", "-p", "80", "-h", "/www"],
    }),
  ]);
  await kubectl(cluster, "label", "namespace", namespace.name, "pod-security.kubernetes.io/enforce=restricted");
});
afterAll(() => namespace[Symbol.asyncDispose]());

describe("a serving pod", () => {
  const sh = (script: string) => inNamespace("exec", `deployment/${project}`, "--", "sh", "-c", script);
  const cannot = (script: string) => expect(sh(script)).rejects.toThrow(/Read-only|Permission denied/i);

  beforeAll(async () => {
    await apply([
      makeBasicAuthSecret({ name: "login", namespace: namespace.name }, { username: "ugain", password: "påss: word" }),
      makeSecret({ name: "tls", namespace: namespace.name }, { "tls.key": "secret key\n" }),
      ...toServerObjects(release({})),
    ]);
    await inNamespace("rollout", "status", `deployment/${project}`, "--timeout=90s");
  });

  test("listens where it was told to, be it below 1024", async () => {
    expect(await sh("wget -q -O - http://127.0.0.1:80/readyz")).toBe("ok\n");
  });

  test("has its settings, its secrets and its files, each beside what the image has", async () => {
    const names = ["PORT", "LABELS", "LINES", "SECRET_USERNAME", "SECRET_PASSWORD"];
    expect(await sh(names.map((name) => `echo "$${name}"`).join(";"))).toBe(
      "80\n/www/labels.txt\na\nb: {yes}\nugain\npåss: word\n",
    );
    expect(await sh("cat /www/labels.txt /etc/pods/deep/key; ls /www")).toBe(
      "1,1,person\n2,2,car\nsecret key\nhealthz\nlabels.txt\nreadyz\n",
    );
  });

  test("is nobody, and writes to /tmp alone", async () => {
    expect(await sh("id -u; id -g; touch /tmp/x && echo written; ls /var/run/secrets 2>/dev/null | wc -l")).toBe(
      "65532\n65532\nwritten\n0\n",
    );
    await cannot("touch /www/x");
    await cannot("echo x > /www/labels.txt");
    await cannot("echo x > /etc/pods/deep/key");
  });

  test("is spread over the nodes", async () => {
    const { items } = await kubectlJson<{ items: { spec: { nodeName: string } }[] }>(
      cluster,
      "get",
      "pods",
      `--namespace=${namespace.name}`,
    );
    expect(new Set(items.map(({ spec }) => spec.nodeName)).size).toBe(Math.min(2, cluster.nodes.length));
  });

  test("is replaced when a file changes, and has the new one", async () => {
    await apply(toServerObjects(release({ content: "3,3,bicycle\n" })));
    await inNamespace("rollout", "status", `deployment/${project}`, "--timeout=90s");
    expect(await sh("cat /www/labels.txt")).toBe("3,3,bicycle\n");
  });
});

describe("a training", () => {
  const train = async (
    script: string,
    inputs: string,
    deploy: DeployDefinition = {},
    more: Partial<TrainingRun> = {},
  ) => {
    const image = await pushTestImage(cluster, { name: "test/trainer", command: ["/bin/sh", "-c", script] });
    const run: TrainingRun = {
      project,
      namespace: namespace.name,
      inputs: `sha256:${inputs.repeat(64)}`,
      image: { reference: image.reference, pull: "IfNotPresent" },
      store: { prefix: `${cluster.registryInside}/models`, insecure: true },
      deploy: { ...deploy, train: { resources: { cpu: "10m", memory: "16Mi" }, ...deploy.train } },
      env: { GREETING: "hello" },
      ...more,
    };
    await apply(toTrainingObjects(run));
    return nameJob(run);
  };
  const end = async (job: string) => {
    const read = () => kubectlJson<JobObject>(cluster, "get", `job/${job}`, `--namespace=${namespace.name}`);
    await expect
      .poll(async () => (await read()).status.conditions?.map(({ type }) => type), patient)
      .toEqual(expect.arrayContaining([expect.stringMatching(/^(?:Complete|Failed)$/)]));
    return (await read()).status;
  };

  test("leaves what it made on the volume, where a server finds it", async () => {
    const deploy: DeployDefinition = { train: { volume: { size: "1Mi" } }, model: { delivery: "volume" } };
    const script = 'echo "$GREETING" > /volume/model && touch /workspace/a /tmp/b && id -u';
    const job = await train(script, "1", deploy, { store: { path: "/volume/store" } });
    expect(await end(job)).toMatchObject({ succeeded: 1 });
    expect(await inNamespace("logs", `job/${job}`)).toBe("65532\n");
    const reader = { ...release({}), project: "reader", port: 80, store: { path: "/volume/store" }, files: {} };
    // It shares the volume by naming the claim.
    const shared: DeployDefinition = {
      model: { delivery: "volume" },
      train: { volume: { claim: `${project}-volume` } },
    };
    await apply(toServerObjects({ ...reader, deploy: { ...shared, resources: { cpu: "10m", memory: "16Mi" } } }));
    await inNamespace("rollout", "status", "deployment/reader", "--timeout=90s");
    const read = (words: string) => inNamespace("exec", "deployment/reader", "--", "sh", "-c", words);
    expect(await read("cat /volume/model")).toBe("hello\n");
    await expect(read("touch /volume/x")).rejects.toThrow("Read-only");
  });

  describe("whose pods fail, or are several", () => {
    let jobs: { refused: string; crashed: string; experiments: string; foreign: string };

    // All at once: most of their time is Kubernetes's own, between two tries.
    beforeAll(async () => {
      const own = await pushTestImage(cluster, { name: "test/own", files: [textEntry("own.txt", "own image\n")] });
      const command = ["sh", "-c", "cat /own.txt > /workspace/model; pwd >> /workspace/model"];
      const phases =
        'case "$SLIPWAY_JOB_PHASE" in prepare) echo data > /workspace/data;; finish) cat /workspace/data /workspace/model;; esac';
      const failsAtOne = 'test "$JOB_COMPLETION_INDEX" != 1 || exit 3';
      const [refused, crashed, experiments, foreign] = await Promise.all([
        train("echo not good enough; exit 4", "2", { train: { retries: 3 } }),
        train("echo crashed; exit 1", "3", { train: { retries: 1 } }),
        train(failsAtOne, "4", {}, { completions: 3 }),
        train(phases, "5", { train: { image: own.reference } }, { command }),
      ]);
      jobs = { refused, crashed, experiments, foreign };
    });
    const because = (reason: string) => expect.arrayContaining([expect.objectContaining({ reason })]) as unknown[];

    test("what the gate refuses is not tried again", async () => {
      expect(await end(jobs.refused)).toMatchObject({ failed: 1, conditions: because("PodFailurePolicy") });
    });
    test("what crashed is tried again", async () => {
      expect(await end(jobs.crashed)).toMatchObject({ failed: 2, conditions: because("BackoffLimitExceeded") });
    });
    test("the other experiments go on where one cannot be trained", async () => {
      expect(await end(jobs.experiments)).toMatchObject({ completedIndexes: "0,2", failedIndexes: "1", failed: 1 });
    });
    test("an image of the trainer's own is one of three parts, which hand on files", async () => {
      expect(await end(jobs.foreign)).toMatchObject({ succeeded: 1 });
      const log = await inNamespace("logs", `job/${jobs.foreign}`, "--container=trainer");
      expect(log).toBe("data\nown image\n/workspace/project\n");
    });
  });
});

interface JobObject {
  status: { conditions?: { type: string; reason?: string }[] };
}

function release({
  content = "1,1,person\n2,2,car\n",
  deploy = {},
}: {
  content?: string;
  deploy?: DeployDefinition;
}): ServerRelease {
  return {
    project,
    namespace: namespace.name,
    port: 5000,
    image: { reference: server.reference, pull: "IfNotPresent" },
    codeDigest: server.digest,
    deploy: {
      replicas: 2,
      resources: { cpu: "10m", memory: "16Mi" },
      env: {
        PORT: "80",
        LABELS: "/www/labels.txt",
        LINES: "a\nb: {yes}",
        SECRET_USERNAME: { secret: "login", key: "username" },
        SECRET_PASSWORD: { secret: "login", key: "password" },
        // httpd knows no drain; nobody calls it either.
        SLIPWAY_DRAIN_DEADLINE_MS: "0",
        SLIPWAY_DRAIN_DELAY_MS: "0",
      },
      files: {
        "/www/labels.txt": { from: "labels.txt" },
        "/etc/pods/deep/key": { secret: "tls", key: "tls.key" },
      },
      ...deploy,
    },
    files: { "/www/labels.txt": content },
  };
}
