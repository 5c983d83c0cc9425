/** @file The words behind `--to`, and what they open. A new destination is a file here, and one line in this list. */
import { destinationUnknown } from "../errors.ts";
import { openContainerd } from "./containerd.ts";
import { openDocker, openNerdctl, openPodman } from "./docker.ts";
import { openFile } from "./file.ts";
import { nodesDiffer } from "../errors.ts";
import { printPlatform } from "../platform.ts";
import type { Platform } from "../types.ts";
import type { Imported, Importer, ImporterSettings } from "./importer.ts";
import { openK3s } from "./k3s.ts";
import { openK3d, openKind } from "./kind.ts";
import { openMinikube } from "./minikube.ts";
import { openSsh } from "./ssh.ts";

interface Destination {
  word: string;
  /** What may stand behind the colon: `socket`. */
  takes?: string;
  /** Nothing is meant without it. */
  needed?: true;
  open: (argument: string | undefined, settings: ImporterSettings) => Importer;
}

export const destinations: readonly Destination[] = [
  { word: "containerd", takes: "socket", open: openContainerd },
  { word: "kind", takes: "name", open: openKind },
  { word: "k3d", takes: "name", open: openK3d },
  { word: "minikube", takes: "profile", open: openMinikube },
  { word: "k3s", open: (_, settings) => openK3s(settings) },
  { word: "ssh", takes: "host", needed: true, open: openSsh },
  { word: "docker", open: (_, settings) => openDocker(settings) },
  { word: "podman", open: (_, settings) => openPodman(settings) },
  { word: "nerdctl", open: (_, settings) => openNerdctl(settings) },
];

/** Opens `containerd:/run/k3s/containerd/containerd.sock`, `kind`, `docker`, `digits.tar`, …; nothing is asked of it yet. Throws `destinationUnknown`. */
export function findImporter(text: string, settings: ImporterSettings = {}): Importer {
  const [, word = text, argument] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  // A file has a folder or an ending: a misspelt word is not taken for one.
  if (!destinations.some((one) => one.word === word) && /[/\\]|\.tar$/.test(text)) return openFile(text);
  const found = destinations.find((one) => one.word === word);
  const wanted = printDestinations();
  if (found === undefined) throw destinationUnknown({ seen: text, wanted });
  if (argument !== undefined && (argument === "" || found.takes === undefined))
    throw destinationUnknown({ seen: text, wanted });
  return found.open(argument, settings);
}

/**
 * All nodes of a cluster, where each is reached by itself: an image is in all of them or an error says where not. Throws `destinationUnknown`,
 * also for files: no pod runs from them.
 */
export function openNodes(words: readonly string[], settings: ImporterSettings = {}): Importer {
  for (const word of words) if (!isNode(word)) throw destinationUnknown({ seen: word, wanted: listWords().join(", ") });
  const [first, ...more] = words.map((word) => findImporter(word, settings));
  if (first === undefined) throw destinationUnknown({ seen: "", wanted: listWords().join(", ") });
  return more.length === 0 ? first : join([first, ...more]);
}

function join(all: readonly Importer[]): Importer {
  return {
    name: all.map(({ name }) => name).join(", "),
    async platform(signal) {
      const [found, ...others] = await Promise.all(all.map((importer) => importer.platform(signal)));
      const other = others.findIndex((its) => printPlatform(its) !== printPlatform(found!));
      if (other < 0) return found!;
      const tell = (at: number, its: Platform): string => `${all[at]!.name}: ${printPlatform(its)}`;
      throw nodesDiffer({ one: tell(0, found!), other: tell(other + 1, others[other]!) });
    },
    async import(image, names, options = {}) {
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, ...(options.signal === undefined ? [] : [options.signal])]);
      const found: Imported[] = [];
      const waiting = [...all.entries()];
      const work = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
          found[next[0]] = await next[1].import(image, names, { ...options, signal });
      };
      const workers = Array.from({ length: Math.min(atOnce, all.length) }, () =>
        work().catch((error: unknown) => {
          // The first fault ends the others, and is the one that is told.
          if (!stop.signal.aborted) stop.abort(error);
        }),
      );
      await Promise.all(workers);
      signal.throwIfAborted();
      return { digest: found[0]!.digest, places: found.flatMap(({ places }) => places) };
    },
  };
}

/** Nodes that are fed side by side. */
const atOnce = 4;

function isNode(text: string): boolean {
  return destinations.some(({ word }) => text === word || text.startsWith(`${word}:`));
}

/** `containerd[:socket], kind[:name], …` */
export function printDestinations(): string {
  return [...listWords(), "<file>"].join(", ");
}

function listWords(): string[] {
  return destinations.map(({ word, takes, needed = false }) => {
    if (takes === undefined) return word;
    return needed ? `${word}:${takes}` : `${word}[:${takes}]`;
  });
}
