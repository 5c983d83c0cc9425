/**
 * @file One writer at a time, in a registry that has no locks. A writer puts a tag of its own, then lists the tags: of two who do so at the same
 * time at least one sees the other. Who sees another takes its own away and comes again later; so never two go on, whatever the timing.
 * It rests on two things that a registry has to do: a tag that was put is in the list at once, and a request that we gave up is not
 * carried out after `leaseMs`. A writer that died leaves its tag behind; the others take it away at once where they can see that its process has
 * ended (the same machine), else when they have seen the tag for that long.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { getManifest } from "../../oci/manifests.ts";
import { listTags } from "../../oci/tags.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { storeClaimed, storeSlow } from "../errors.ts";
import { hasEnded, nameProcess } from "./registry-process.ts";
import { dropTag, journalOf, putNote, type RegistryPlace } from "./registry-repository.ts";
import { nothing, readClaimTag, toClaimTag, toNote, type ClaimKind } from "./registry-tags.ts";

export interface ClaimTimes {
  /** How long a writer that does not end is waited for before it counts as dead; its own work ends at half of that. */
  leaseMs: number;
  /** How long to wait in all. */
  patienceMs: number;
}

export const claimTimes: ClaimTimes = { leaseMs: 20_000, patienceMs: 120_000 };

/** Claims of another day that could not be deleted: whatever the clocks, their writers are gone. */
const forgottenMs = 3_600_000;

/** Waits shorter than this are not worth a word. */
const silentMs = 1000;

const ownerKey = "dev.slipway.process";

/** Writers of this process by store: they wait in line here, which is faster than in the registry. */
const lines = new Map<string, Promise<unknown>>();

/** Runs `work` while no other writer of the store does. Its signal ends requests that take too long for the claim. Throws `storeClaimed`, `storeSlow`. */
export async function withClaim<T>(
  place: RegistryPlace,
  kind: ClaimKind,
  work: (signal: AbortSignal) => Promise<T>,
  times: ClaimTimes = claimTimes,
): Promise<T> {
  const before = lines.get(place.location) ?? Promise.resolve();
  const turn = before.then(async () => {
    const claim = await claimStore(place, kind, times);
    try {
      return await work(claim.signal);
    } catch (error) {
      const isLate = claim.signal.aborted && findSlipwayError(error) === undefined;
      throw isLate ? storeSlow({ store: place.location, seconds: times.leaseMs / 2000 }, { cause: error }) : error;
    } finally {
      await claim.release().catch(leaveBehind);
    }
  });
  // The next in line comes whether or not this one succeeds.
  const quiet = turn.catch(() => undefined);
  lines.set(place.location, quiet);
  try {
    return await turn;
  } finally {
    if (lines.get(place.location) === quiet) lines.delete(place.location);
  }
}

/** The work has ended, well or not, and that is what counts: others take the claim away when its lease is over. */
function leaveBehind(error: unknown): void {
  if (findSlipwayError(error) === undefined) throw error;
}

/** Waits until nobody collects; does not keep anybody from beginning. */
export async function waitForCollectors(place: RegistryPlace, times: ClaimTimes = claimTimes): Promise<void> {
  const watch = watchClaims(place, times);
  for (let round = 0; (await watch.others(["collect"])).length > 0; round++) await watch.wait(round);
}

async function claimStore(
  place: RegistryPlace,
  kind: ClaimKind,
  times: ClaimTimes,
): Promise<{ signal: AbortSignal; release: () => Promise<void> }> {
  const watch = watchClaims(place, times);
  const journal = journalOf(place);
  for (let round = 0; ; round++) {
    const tag = toClaimTag(kind, Date.now(), randomBytes(8).toString("hex"));
    const signal = AbortSignal.timeout(times.leaseMs / 2);
    // A manifest of its own for each claim: some registries can delete by digest only.
    const owner = nameProcess();
    const note = toNote("application/vnd.slipway.claim.v1+json", {
      "dev.slipway.claim": tag,
      ...(owner !== undefined && { [ownerKey]: owner }),
    });
    const release = () => dropTag(place, journal, tag, { only: note.digest });
    await putNote(place, journal, tag, note);
    if ((await watch.others(["collect", "write"], tag)).length === 0) return { signal, release };
    await release();
    await watch.wait(round);
  }
}

function watchClaims(place: RegistryPlace, { leaseMs, patienceMs }: ClaimTimes) {
  const journal = journalOf(place);
  const seen = new Map<string, number>();
  const began = performance.now();
  return {
    others: async (kinds: readonly ClaimKind[], own?: string): Promise<string[]> => {
      const alive: string[] = [];
      for (const tag of await listTags(journal)) {
        const claim = readClaimTag(tag);
        if (claim === undefined || tag === own || !kinds.includes(claim.kind) || Date.now() - claim.at > forgottenMs)
          continue;
        const target = await getManifest(journal, tag);
        if (target === undefined || target.descriptor.digest === nothing.digest) continue;
        const first = seen.get(tag) ?? performance.now();
        seen.set(tag, first);
        const isDead = performance.now() - first > leaseMs || hasEnded(readOwner(target.bytes));
        if (isDead) await dropTag(place, journal, tag, { only: target.descriptor.digest });
        else alive.push(tag);
      }
      return alive;
    },
    wait: async (round: number): Promise<void> => {
      const waited = performance.now() - began;
      if (waited > silentMs) place.report({ step: "artifact", label: `wait for another writer of ${place.location}` });
      if (waited > patienceMs) throw storeClaimed({ store: place.location, seconds: Math.round(patienceMs / 1000) });
      // Random, and longer each time, so that two who met do not meet again and again.
      await sleep(Math.random() * Math.min(2000, 50 * 2 ** round) + 10);
    },
  };
}

function readOwner(bytes: Uint8Array): string | undefined {
  const { annotations } = JSON.parse(new TextDecoder().decode(bytes)) as { annotations?: Record<string, unknown> };
  const owner = annotations?.[ownerKey];
  return typeof owner === "string" ? owner : undefined;
}
