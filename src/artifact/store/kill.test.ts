/** @file Several processes write to one store and are killed (SIGKILL) at any moment: nothing acknowledged is lost, nothing is damaged. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { openStore } from "./layout.ts";

const parent = await mkdtemp(join(tmpdir(), "slipway-kill-"));
afterAll(() => rm(parent, { recursive: true }));

interface Writer {
  said: string[];
  /** Everything up to the last whole line that it wrote before it died. */
  kill(): Promise<void>;
  started: Promise<void>;
}

function startWriter(folder: string, id: string, task: "put" | "sweep"): Writer {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../fixtures/writer.ts", import.meta.url))], {
    env: { ...process.env, WRITER: JSON.stringify({ folder, id, task }) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  let rest = "";
  let faults = "";
  const started = Promise.withResolvers<void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    said.push(...lines);
    started.resolve();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (faults += text));
  const ended = new Promise<void>((resolve) =>
    child.on("close", (code) => {
      if (code !== null) faults += `writer ${id} ended by itself with ${code}`;
      started.reject(new Error(faults));
      resolve();
    }),
  );
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
    expect(faults).toBe("");
  };
  return { said, kill, started: started.promise };
}

test("what was acknowledged is there, whole, whoever was killed when", async () => {
  const folder = join(parent, "store");
  const said: string[] = [];
  for (let round = 0; round < 4; round++) {
    const writers = [
      ...["a", "b", "c"].map((id) => startWriter(folder, `${id}${round}`, "put")),
      startWriter(folder, "s", "sweep"),
    ];
    await Promise.all(writers.map(({ started }) => started));
    for (const writer of writers) {
      await sleep(Math.random() * 60);
      await writer.kill();
      said.push(...writer.said);
    }
  }
  const of = (verb: string) =>
    said
      .map((line) => line.split(" "))
      .filter(([first]) => first === verb)
      .map(([, ...words]) => words);
  const store = await openStore(folder);
  const stored = new Set((await store.list("digits")).map(({ digest }) => digest as string));
  const history = await store.history("digits");

  expect(of("put").length).toBeGreaterThan(10);
  expect(await store.check()).toEqual([]);
  expect(
    of("put")
      .flat()
      .filter((digest) => !stored.has(digest)),
  ).toEqual([]);

  // Every acknowledged move is in the history, every move there was asked for, and each begins where the last one ended.
  const moved = history.map(({ alias, to }) => `${alias} ${to}`);
  const asked = new Set(of("aliasing").map((words) => words.join(" ")));
  expect(
    of("aliased")
      .map((words) => words.join(" "))
      .filter((move) => !moved.includes(move)),
  ).toEqual([]);
  expect(moved.filter((move) => !asked.has(move))).toEqual([]);
  expect(history.map(({ sequence }) => sequence)).toEqual(history.map((_, i) => i + 1));
  for (const [alias, moves] of Map.groupBy(history, (move) => move.alias)) {
    expect(moves.map(({ from }) => from)).toEqual([undefined, ...moves.slice(0, -1).map(({ to }) => to)]);
    expect((await store.get(`digits:${alias}`)).digest).toBe(moves.at(-1)?.to);
  }

  // Nothing of the dead stands in anybody's way, and what they left behind can be swept.
  await store.collect();
  expect(await store.collect()).toEqual({ blobs: 0, bytes: 0 });
  expect(await store.check()).toEqual([]);
  expect(JSON.parse(await readFile(join(folder, "index.json"), "utf8"))).toMatchObject({ schemaVersion: 2 });
});

test("a sweep beside writers takes no blob from them", async () => {
  const store = await openStore(join(parent, "swept"));
  const { sampleContent } = await import("../fixtures/sample.ts");
  const sweeping = { on: true };
  const sweeper = (async () => {
    while (sweeping.on) await store.collect();
  })();
  // The same content is put, removed and put again: its blobs are orphans each time a writer finds them.
  for (let i = 0; i < 25; i++) {
    const { digest } = await store.put(sampleContent());
    expect(await store.check()).toEqual([]);
    await store.remove(digest);
  }
  sweeping.on = false;
  await sweeper;
});
