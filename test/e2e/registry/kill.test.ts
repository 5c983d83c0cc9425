/** @file Writers of a store in a registry are killed anywhere: what they acknowledged stays, and those who come after are not held up. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sampleContent } from "../../../src/artifact/fixtures/sample.ts";
import { openRegistryStore } from "../../../src/artifact/store/registry.ts";
import { startRegistry, type RunningRegistry } from "./start.ts";

let registry: RunningRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const writer = fileURLToPath(new URL("writer.ts", import.meta.url));

/** Lines that a writer wrote before it was killed. */
async function runUntilKilled(prefix: string, id: string, acknowledged: number): Promise<string[]> {
  const child = spawn(process.execPath, [writer, prefix, id], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  let isDying = false;
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
    if (isDying || text.split("\n").length <= acknowledged) return;
    isDying = true;
    // Anywhere in the work that follows.
    setTimeout(() => child.kill("SIGKILL"), Math.random() * 60);
  });
  await new Promise((resolve) => child.once("close", resolve));
  return text.split("\n").filter((line) => line !== "");
}

test("nothing that was acknowledged is lost, and nothing is half there", async () => {
  const prefix = `${registry.host}/models`;
  const store = openRegistryStore(prefix, { environment: {} });
  const aliases = new Map<string, Set<string>>();
  const stored = new Set<string>();
  for (let round = 0; round < 5; round++) {
    const ids = [`w${round}a`, `w${round}b`];
    const said = await Promise.all(ids.map((id) => runUntilKilled(prefix, id, 2 + round * 3)));
    for (const line of said.flat()) {
      const [what = "", ...words] = line.split(" ");
      const digest = words.at(-1) ?? "";
      if (what === "put") stored.add(digest);
      // The last that was begun may or may not have been done.
      if (what === "aliased") aliases.set(words[0] ?? "", new Set([digest]));
      if (what === "aliasing") aliases.get(words[0] ?? "")?.add(digest);
    }
  }
  expect(aliases.size).toBeGreaterThan(5);
  expect(await store.check()).toEqual([]);
  const known = new Set((await store.list()).map(({ digest }) => digest as string));
  expect([...stored].filter((digest) => !known.has(digest))).toEqual([]);
  for (const [alias, digests] of aliases) expect(digests).toContain((await store.get(`digits:${alias}`)).digest);
  const { digest } = await store.put(sampleContent());
  await store.setAlias("digits", "champion", digest, { expect: undefined });
  const history = await store.history("digits");
  expect(history.map(({ sequence }) => sequence)).toEqual(history.map((_, i) => i + 1));
  expect(history.at(-1)).toMatchObject({ alias: "champion", to: digest });
  await store.collect();
  expect(await store.check()).toEqual([]);
});
