/** @file The words behind `--to`, and what they open. A new destination is a file here, and one line in this list. */
import { destinationUnknown } from "../errors.ts";
import { openContainerd } from "./containerd.ts";
import { openDocker, openNerdctl, openPodman } from "./docker.ts";
import { openFile } from "./file.ts";
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

/** `containerd[:socket], kind[:name], …` */
export function printDestinations(): string {
  return [...destinations.map(({ word, takes }) => (takes === undefined ? word : `${word}[:${takes}]`)), "<file>"].join(
    ", ",
  );
}
