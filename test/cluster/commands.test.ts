/** @file The commands that ask about a release and take it down, as people type them, against a cluster. */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeTestProject, type TestProject, upOn } from "./project.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, useCluster, useNamespace } from "./use.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

describe("a release that is reached from inside the cluster alone", () => {
  let cluster: TestCluster;
  let namespace: TestNamespace;
  let project: TestProject;
  let digest: string | undefined;

  beforeAll(async () => {
    cluster = await useCluster();
    namespace = await useNamespace(cluster, "commands");
    project = makeTestProject(
      `{ resources: { cpu: "100m", memory: "200Mi" }, env: { PORT: "7000" }, train: { on: "here" } }`,
    );
    const result = await upOn(cluster, namespace.name, await project.withSeed(1));
    digest = result.trained?.digest;
  });
  afterAll(async () => {
    await (namespace as TestNamespace | undefined)?.[Symbol.asyncDispose]();
    (project as TestProject | undefined)?.[Symbol.dispose]();
  });

  const words = (command: readonly string[]): string[] => [
    main,
    ...command,
    "--project",
    project.folder,
    "--target",
    cluster.context,
    "--namespace",
    namespace.name,
    "--kubeconfig",
    cluster.kubeconfig,
  ];
  const slipway = (...command: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, words(command), { encoding: "utf8" });
    return { status, stdout, stderr };
  };
  const json = (...command: string[]): unknown => {
    const { status, stdout, stderr } = slipway(...command, "--json");
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  };

  test("status names the release, its model, and each pod", () => {
    const found = json("status") as {
      state: string;
      release: number;
      model: string;
      replicas: { ready: boolean; node: string }[];
    };
    expect(found).toMatchObject({ state: "running", release: 1, model: digest, replicas: [{ ready: true }] });
    expect(cluster.nodes.map(({ name }) => name)).toContain(found.replicas[0]?.node);
    const { stdout } = slipway("status");
    expect(stdout).toContain(`${project.name} → ${cluster.context} (`);
    expect(stdout).toContain(`namespace ${namespace.name}`);
  });

  test("history lists it, with who made it", () => {
    expect(json("history")).toMatchObject([{ number: 1, model: digest, by: expect.stringContaining("@") }]);
  });

  test("logs are the pod's, line by line", async () => {
    const pod = (
      await kubectl(cluster, "--namespace", namespace.name, "get", "pods", "-o=jsonpath={.items[0].metadata.name}")
    ).trim();
    const lines = json("logs") as { source: string; line: string }[];
    expect(new Set(lines.map(({ source }) => source))).toEqual(new Set([pod]));
    expect(lines.map(({ line }) => (JSON.parse(line) as { msg: string }).msg)).toContain("ready");
  });

  test("predict asks it through a forwarded port, which is the pod's own", () => {
    const [answer] = json("predict", project.image.path) as { label: string; probability: number }[];
    expect(["circle", "square", "triangle"]).toContain(answer?.label);
  });

  test("open prints an address that leads there; forward answers until it is stopped", async () => {
    const child = spawn(process.execPath, words(["forward"]), { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    try {
      const url = await new Promise<string>((resolve) =>
        lines.on("line", (line) => {
          const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
          if (found !== undefined) resolve(found);
        }),
      );
      // Several connections at once, and one after the other over a kept one.
      const answers = await Promise.all(Array.from({ length: 8 }, () => fetch(`${url}/readyz`)));
      expect(answers.map(({ status, headers }) => `${status} ${headers.get("x-model-digest")}`)).toEqual(
        Array.from({ length: 8 }, () => `200 ${digest}`),
      );
    } finally {
      child.kill("SIGINT");
    }
    expect(await ended).toBe(0);
  });

  test("export names the image that runs, as it is in the registry, and builds none", async () => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [main, "export", project.folder, "--registry", cluster.registry, "--namespace", namespace.name, "--json"],
      { encoding: "utf8" },
    );
    const { image } = JSON.parse(stdout) as { image: string };
    const get = ["get", "deployment", project.name, "--output=jsonpath={.spec.template.spec.containers[0].image}"];
    expect(image).toBe(await kubectl(cluster, "--namespace", namespace.name, ...get));
    expect(stderr).toBe("");
  });

  test("a context that is not there is named, with those that are", () => {
    const wrong = spawnSync(
      process.execPath,
      [main, "status", "--project", project.folder, "--target", "slipwey", "--kubeconfig", cluster.kubeconfig],
      { encoding: "utf8" },
    );
    expect(wrong.status).not.toBe(0);
    expect(wrong.stderr).toContain("slipwey");
    expect(wrong.stderr).toContain(cluster.context);
  });

  test("down takes it away; then status says so, and logs how to bring it back", () => {
    const { removed } = json("down", "--yes") as { removed: string[] };
    expect(removed.length).toBeGreaterThan(3);
    expect(json("status")).toMatchObject({ state: "stopped", replicas: [], urls: [] });
    const { status, stderr } = slipway("logs");
    expect(status).toBe(5);
    expect(stderr).toContain(`slipway up --target ${cluster.context}`);
  });
});
