/** @file Images brought into a real containerd without a registry, and run there as a kubelet would run them. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { socketMissing } from "../../../src/image/errors.ts";
import { findImporter } from "../../../src/image/destinations/find.ts";
import { importedName } from "../../../src/image/imported-name.ts";
import { inspectImage } from "../../../src/image/inspect.ts";
import { markedImage } from "../../../src/serve/_fixture.ts";
import { multipartRequest, runLoad } from "../../../src/testing/load.ts";
import { openWorkshop } from "./build.ts";
import { startContainerd, whyNoContainerd, type Containerd } from "./containerd.ts";

const reason = whyNoContainerd();

describe.skipIf(reason !== undefined)(`containerd${reason === undefined ? "" : ` (not here: ${reason})`}`, () => {
  test("takes an image once, then the model's layer alone, and has it whole under our digest", async () => {
    const { socket, ctr } = await startContainerd();
    const { build } = await openWorkshop();
    const importer = findImporter(`containerd:${socket}`);
    const [first, second] = [await build(1), await build(2)];
    const [one, two] = [first, second].map((image) => importedName("digits", inspectImage(image).digest));
    const sizeOf = (image: typeof first, ...layers: string[]) =>
      inspectImage(image)
        .layers.filter(({ name }) => layers.length === 0 || layers.includes(name))
        .reduce((sum, { size }) => sum + size, 0);

    const all = await importer.import(first, [one!]);
    expect(all.digest).toBe(inspectImage(first).digest);
    expect(all.places[0]!.sent).toBeGreaterThan(sizeOf(first));
    expect((await importer.import(first, [one!])).places).toEqual([{ place: importer.name, sent: 0 }]);
    // The rest of an archive: config, manifest, index, and tar's own blocks.
    const { sent } = (await importer.import(second, [two!])).places[0]!;
    expect(sent - sizeOf(second, "model")).toBeLessThan(20_000);
    expect(sent).toBeGreaterThan(sizeOf(second, "model"));
    const listed = ctr("images", "check");
    for (const [name, image] of [
      [one!, first],
      [two!, second],
    ] as const)
      expect(listed).toMatch(new RegExp(`^${name} .*${inspectImage(image).digest} complete .*true\\s*$`, "m"));
  });

  test("gets again what it lost, though it has a part of it", async () => {
    const { socket, ctr } = await startContainerd();
    const { build } = await openWorkshop();
    const image = await build(1);
    const name = importedName("digits", inspectImage(image).digest);
    const importer = findImporter(`containerd:${socket}`);
    await importer.import(image, [name]);
    ctr("content", "rm", image.layers.at(-1)!.descriptor.digest);
    expect(ctr("images", "check")).toContain("incomplete");
    const { sent } = (await importer.import(image, [name])).places[0]!;
    expect(sent).toBeLessThan(2 * image.layers.at(-1)!.content.size);
    expect(ctr("images", "check")).toMatch(/ complete \(6\/6\) /);
  });

  test("a socket that is not there is named, with those that are", async () => {
    const { build } = await openWorkshop();
    const importer = findImporter("containerd:/nowhere/containerd.sock");
    await expect(importer.import(await build(1), ["slipway.local/digits:x"])).rejects.toMatchObject({
      code: socketMissing.code,
    });
  });

  test("runs it as nobody on a read-only root with little memory: it is ready, answers, and drains on SIGTERM", async () => {
    const containerd = await startContainerd();
    const { build } = await openWorkshop();
    const image = await build(3);
    const name = importedName("digits", inspectImage(image).digest);
    await findImporter(`containerd:${containerd.socket}`).import(image, [name]);
    const server = await run(containerd, name);
    const url = `http://127.0.0.1:${server.port}`;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(server.status()).toMatch(/^Uid:\t65532\t65532\t/m);
    for (const place of [0, 4, 8]) expect(await predict(url, place)).toEqual({ prediction: (place + 3) % 10 });
    // What a kubelet counts as its memory, under load: well inside the limit, and inside what is promised.
    const load = { host: "127.0.0.1", port: server.port, connections: 32, seconds: 3, requests: uploads() };
    const peak = watchMemory(server.workingSet);
    expect(await runLoad(load)).toMatchObject({ wrong: 0, failed: 0 });
    expect(peak()).toBeLessThan(150e6);
    // Answers that are under way when it is told to end are given.
    const last = Array.from({ length: 20 }, (_, place) => predict(url, place % 10));
    await last[0];
    containerd.ctr("tasks", "kill", "--signal", "SIGTERM", "digits");
    expect(await Promise.all(last)).toEqual(
      Array.from({ length: 20 }, (_, place) => ({ prediction: ((place % 10) + 3) % 10 })),
    );
    expect(await server.exited).toBe(0);
    expect(server.log()).toBe("");
  });
});

function uploads(): Uint8Array[] {
  const target = { host: "127.0.0.1", path: "/predict", field: "file", fileName: "a.png", contentType: "image/png" };
  return Array.from({ length: 10 }, (_, place) =>
    multipartRequest({ ...target, content: new Uint8Array(markedImage(place)) }),
  );
}

/** Looks until asked for the highest that it saw. */
function watchMemory(read: () => number): () => number {
  let peak = 0;
  const look = (): void => void (peak = Math.max(peak, read()));
  const timer = setInterval(look, 100);
  return () => {
    clearInterval(timer);
    look();
    return peak;
  };
}

async function predict(url: string, place: number): Promise<unknown> {
  const form = new FormData();
  form.append("file", new Blob([Buffer.from(markedImage(place))]));
  return (await fetch(`${url}/predict`, { method: "POST", body: form })).json();
}

/** In the foreground (`--rm` and `--detach` exclude each other), in this machine's network, as its config says: 65532. */
async function run({ socket, ctr }: Containerd, image: string) {
  const limits = ["--read-only", "--memory-limit", String(200 << 20), "--net-host"];
  const environment = ["HOST=127.0.0.1", "PORT=0", "SLIPWAY_ANNOUNCE=1"].flatMap((one) => ["--env", one]);
  const words = ["-a", socket, "-n", "k8s.io", "run", "--rm", ...limits, ...environment, image, "digits"];
  const child = spawn("ctr", words, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    ctr("tasks", "kill", "--signal", "SIGKILL", "digits");
    await exited;
  });
  const announced = new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { ready, port } = JSON.parse(line) as { ready: boolean; port: number };
      if (ready) resolve(port);
    });
  });
  const port = await Promise.race([announced, exited.then((code) => `it ended with ${code}: ${log}`)]);
  if (typeof port === "string") throw new Error(port);
  const [, pid] = /^digits\s+(\d+)/m.exec(ctr("tasks", "ls")) ?? [];
  return {
    port,
    exited,
    log: () => log,
    status: () => readFileSync(`/proc/${pid}/status`, "utf8"),
    workingSet: () => readWorkingSet(Number(pid)),
  };
}

/** Bytes of its cgroup without file pages that nobody uses: what Kubernetes shows as a pod's memory. */
function readWorkingSet(pid: number): number {
  const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
  const old = /^\d+:memory:(.*)$/m.exec(groups)?.[1];
  // Version 1 has a tree for memory alone, and its sums under other names.
  const [folder, usage, idle] =
    old === undefined
      ? [`/sys/fs/cgroup${/^0::(.*)$/m.exec(groups)?.[1]}`, "memory.current", "inactive_file"]
      : [`/sys/fs/cgroup/memory${old}`, "memory.usage_in_bytes", "total_inactive_file"];
  const stat = readFileSync(`${folder}/memory.stat`, "utf8");
  return (
    Number(readFileSync(`${folder}/${usage}`, "utf8")) - Number(new RegExp(`^${idle} (\\d+)$`, "m").exec(stat)?.[1])
  );
}
