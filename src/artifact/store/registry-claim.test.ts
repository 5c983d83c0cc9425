import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startMemoryRegistry, type MemoryRegistry } from "../../oci/fixtures/memory-registry.ts";
import { silent } from "../../base/progress.ts";
import { openRegistry } from "../../oci/registry.ts";
import { waitForCollectors, withClaim } from "./registry-claim.ts";
import { journalOf, putNote, type RegistryPlace } from "./registry-repository.ts";
import { hasEnded, nameProcess } from "./registry-process.ts";
import { fact, readClaimTag, toClaimTag, toNote } from "./registry-tags.ts";

let memory: MemoryRegistry;
beforeAll(async () => {
  memory = await startMemoryRegistry();
});
afterAll(() => memory.close());

let count = 0;
/** Every place is a process of its own: the line within a process goes by `location`. */
const newPlaces = (path = `store-${count++}`) =>
  Array.from({ length: 3 }, (_, i): RegistryPlace => ({
    location: `${path}, process ${i}`,
    registry: openRegistry(memory.host, { environment: {} }),
    path,
    prepared: new Set(),
    report: silent,
  }));

const tagsOf = ({ path }: RegistryPlace) => [...(memory.repositories.get(`${path}/slipway.store`)?.tags.keys() ?? [])];

test("writers of one process and of several work one after the other, and leave nothing behind", async () => {
  const places = newPlaces();
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return inside--;
  };
  await Promise.all([...places, ...places].map((place) => withClaim(place, "write", work)));
  expect(most).toBe(1);
  expect(tagsOf(places[0]!)).toEqual([]);
});

test("a writer that fails makes room for the next", async () => {
  const [place] = newPlaces();
  const failing = withClaim(place!, "write", async () => Promise.reject(new Error("no")));
  const next = withClaim(place!, "write", async () => "done");
  await expect(failing).rejects.toThrowError("no");
  expect(await next).toBe("done");
});

test("a writer that died is waited for as long as its lease, then taken away", async () => {
  const [place] = newPlaces();
  const dead = toClaimTag("write", Date.now(), "dead");
  await putNote(place!, journalOf(place!), dead, fact);
  const impatient = { leaseMs: 60_000, patienceMs: 50 };
  await expect(withClaim(place!, "write", async () => "", impatient)).rejects.toThrowError(
    expect.objectContaining({ code: "SLIPWAY_ARTIFACT_STORE_CLAIMED" }),
  );
  expect(tagsOf(place!)).toEqual([dead]);
  expect(await withClaim(place!, "write", async () => "done", { leaseMs: 100, patienceMs: 20_000 })).toBe("done");
  expect(tagsOf(place!)).toEqual([]);
});

test.skipIf(nameProcess() === undefined)("a writer of this machine that died is not waited for", async () => {
  const [place] = newPlaces();
  const { pid } = spawnSync("true");
  const note = toNote("x/claim", { "dev.slipway.process": nameProcess(pid) ?? "" });
  await putNote(place!, journalOf(place!), toClaimTag("write", Date.now(), "dead"), note);
  expect(await withClaim(place!, "write", async () => "done", { leaseMs: 60_000, patienceMs: 0 })).toBe("done");
  expect([hasEnded(nameProcess()), hasEnded(undefined), hasEnded(`other-machine pid:[1] ${pid}`)]).toEqual([
    false,
    false,
    false,
  ]);
});

test("claims of another day count for nothing", async () => {
  const [place] = newPlaces();
  await putNote(place!, journalOf(place!), toClaimTag("write", Date.now() - 86_400_000, "old"), fact);
  expect(await withClaim(place!, "write", async () => "done", { leaseMs: 60_000, patienceMs: 0 })).toBe("done");
});

test("who puts waits for who collects, and not for who writes", async () => {
  const [place, other] = newPlaces();
  const order: string[] = [];
  const held = Promise.withResolvers<void>();
  const collecting = withClaim(other!, "collect", async () => {
    order.push("collecting");
    await held.promise;
    order.push("collected");
  });
  while (order.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const waiting = waitForCollectors(place!).then(() => order.push("waited"));
  setTimeout(() => held.resolve(), 50);
  await Promise.all([collecting, waiting]);
  expect(order).toEqual(["collecting", "collected", "waited"]);
  await withClaim(other!, "write", () => waitForCollectors(place!));
});

test("tags of claims are read back as they were written", () => {
  const tag = toClaimTag("collect", 1_763_700_000_000, "0a1b");
  expect(readClaimTag(tag)).toEqual({ tag, kind: "collect", at: 1_763_700_000_000 });
  for (const other of ["champion", "claim.x.1.a", "claim.write.", "name.digits"])
    expect(readClaimTag(other)).toBeUndefined();
});

test("work that takes longer than its claim is ended, and says why", async () => {
  const [place] = newPlaces();
  const slow = withClaim(
    place!,
    "write",
    // On a busy machine its time may be over before it begins.
    async (signal) => {
      while (!signal.aborted) await sleep(1);
      throw signal.reason;
    },
    { leaseMs: 40, patienceMs: 1000 },
  );
  await expect(slow).rejects.toThrowError(expect.objectContaining({ code: "SLIPWAY_ARTIFACT_STORE_SLOW" }));
  expect(tagsOf(place!)).toEqual([]);
});
