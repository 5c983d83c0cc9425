/** @file The words behind `--to`, and what they open. A new destination is a file here, and one line in this list. */
import { destinationUnknown } from "../errors.ts";
import { openContainerd } from "./containerd.ts";
import { openDocker, openNerdctl, openPodman } from "./docker.ts";
import { openFile } from "./file.ts";
import { nodesDiffer } from "../errors.ts";
import { printPlatform } from "../platform.ts";
import type { Importer, ImporterSettings } from "./importer.ts";
import { openK3s } from "./k3s.ts";
import { openK3d, openKind } from "./kind.ts";
import { openMinikube } from "./minikube.ts";

interface Destination {
  word: string;
  /** What may stand behind the colon: `socket`. */
  takes?: string;
  open: (argument: string | undefined, settings: ImporterSettings) => Importer;
}

export const destinations: readonly Destination[] = [
  { word: "containerd", takes: "socket", open: openContainerd },
  { word: "kind", takes: "name", open: openKind },
  { word: "k3d", takes: "name", open: openK3d },
  { word: "minikube", takes: "profile", open: openMinikube },
  { word: "k3s", open: (_, settings) => openK3s(settings) },
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

function join(all: readonly [Importer, ...Importer[]]): Importer {
  const [first, ...more] = all;
  return {
    name: all.map(({ name }) => name).join(", "),
    async platform(signal) {
      const found = await first.platform(signal);
      for (const other of more) {
        const its = await other.platform(signal);
        if (printPlatform(its) === printPlatform(found)) continue;
        throw nodesDiffer({
          one: `${first.name}: ${printPlatform(found)}`,
          other: `${other.name}: ${printPlatform(its)}`,
        });
      }
      return found;
    },
    async import(image, names, options) {
      const { digest, places } = await first.import(image, names, options);
      const rest = [];
      // One after the other: they may share a disk.
      for (const other of more) rest.push(...(await other.import(image, names, options)).places);
      return { digest, places: [...places, ...rest] };
    },
  };
}

function isNode(text: string): boolean {
  return destinations.some(({ word }) => text === word || text.startsWith(`${word}:`));
}

/** `containerd[:socket], kind[:name], …` */
export function printDestinations(): string {
  return [...listWords(), "<file>"].join(", ");
}

function listWords(): string[] {
  return destinations.map(({ word, takes }) => (takes === undefined ? word : `${word}[:${takes}]`));
}
