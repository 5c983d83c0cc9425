/** @file The containerd of a node that is another machine: its own `ctr`, run there by ssh, as root or by sudo. */
import { destinationUnknown } from "../errors.ts";
import { parsePlatform } from "../platform.ts";
import { importerOf, knownSockets } from "./containerd.ts";
import { reachContainerd, type Ctr } from "./ctr.ts";
import type { Importer, ImporterSettings } from "./importer.ts";
import { runProgram, type Program } from "./program.ts";

/**
 * `node1`, `admin@node1:2222`, `node1/run/k3s/containerd/containerd.sock`. Keys, jumps and other names are ssh's own to know (~/.ssh/config); it asks nothing, as
 * there may be nobody to answer. Throws `destinationUnknown`.
 */
export function openSsh(where = "", { namespace = "k8s.io", environment }: ImporterSettings = {}): Importer {
  // No `-` in front: ssh would take it for an option.
  const [, host, port, socket] =
    /^((?:[\w.][\w.-]*@)?(?:[\w.][\w.-]*|\[[\da-fA-F:.]+\]))(?::(\d{1,5}))?(\/\S+)?$/.exec(where) ?? [];
  if (host === undefined) throw destinationUnknown({ seen: `ssh:${where}`, wanted: "ssh:[user@]host[:port][/socket]" });
  const name = host.replace(/[[\]]/g, "");
  const program: Program = [
    "ssh",
    "-T",
    "-o",
    "BatchMode=yes",
    "-o",
    "ConnectTimeout=10",
    ...(port === undefined ? [] : ["-p", port]),
    name,
  ];
  const script = printScript(socket === undefined ? knownSockets : [socket], namespace);
  const place = `containerd of ${name}${socket === undefined ? "" : ` at ${socket}`}`;
  const ctr: Ctr = {
    program,
    place,
    environment,
    // One text, which the shell there takes apart again.
    toWords: (words) => [["sh", "-c", script, "ctr", ...words].map(quote).join(" ")],
    show: (words) => `ssh ${name} ctr ${words.join(" ")}`,
  };
  return {
    ...importerOf(place, async () => [ctr]),
    async platform(signal) {
      await reachContainerd(ctr, signal);
      const show = `ssh ${name} uname -m`;
      const machine = (
        await runProgram(program, ["uname -m"], { destination: place, environment, signal, show })
      ).trim();
      return parsePlatform(`linux/${architectures[machine] ?? machine}`);
    },
  };
}

const architectures: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** POSIX sh. k3s has `ctr` in itself, and not always a link to it. */
function printScript(sockets: readonly string[], namespace: string): string {
  return [
    `for at in ${sockets.map(quote).join(" ")}; do [ -S "$at" ] && break; at=; done`,
    `[ -n "$at" ] || { echo ${quote(`there is no socket at ${sockets.join(", ")}: no such file or directory`)} >&2; exit 1; }`,
    `command -v ctr >/dev/null && set -- ctr -a "$at" -n ${quote(namespace)} "$@" || set -- k3s ctr -n ${quote(namespace)} "$@"`,
    `[ "$(id -u)" = 0 ] || set -- sudo -n "$@"`,
    `exec "$@"`,
  ].join("; ");
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
