import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { importDenied, socketMissing } from "../errors.ts";
import { listContent } from "./content.ts";
import { importByCtr, reachContainerd, type Ctr } from "./ctr.ts";
import { herePlatform } from "../platform.ts";
import type { Importer, ImporterSettings } from "./importer.ts";

/** Where the containerd of a kubelet listens: its own place, k3s and rke2, k0s, microk8s. */
export const knownSockets: readonly string[] = [
  "/run/containerd/containerd.sock",
  "/run/k3s/containerd/containerd.sock",
  "/run/k0s/containerd.sock",
  "/var/snap/microk8s/common/run/containerd.sock",
];

/** The containerd of this machine: `containerd`, or `containerd:/path/of/its.sock`. */
export function openContainerd(socket: string | undefined, settings: ImporterSettings = {}): Importer {
  const { namespace = "k8s.io", environment } = settings;
  const path = socket ?? knownSockets.find((known) => existsSync(known)) ?? knownSockets[0]!;
  const place = `containerd at ${path}`;
  const ctr: Ctr = { program: ["ctr", "-a", path, "-n", namespace], place, environment };
  return importerOf(place, async () => {
    // `ctr` waits ten seconds for a socket that is not there.
    await findSocket(path, place);
    return [ctr];
  });
}

async function findSocket(path: string, place: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A folder on the way there is closed to us.
    if (code === "EACCES")
      throw importDenied({ destination: place, command: `stat ${path}`, why: message }, { cause: error });
    throw socketMissing({ socket: path, found: knownSockets.filter((one) => existsSync(one)) }, { cause: error });
  }
}

/** An importer over one containerd or several, each by its own `ctr`. */
export function importerOf(name: string, list: (signal?: AbortSignal) => Promise<readonly Ctr[]>): Importer {
  return {
    name,
    async platform(signal) {
      for (const ctr of await list(signal)) await reachContainerd(ctr, signal);
      return herePlatform();
    },
    import: async (image, names, options = {}) => {
      const places = [];
      // One after the other: they share this machine's disk.
      for (const ctr of await list(options.signal)) places.push(await importByCtr(ctr, image, names, options));
      return { digest: listContent(image).root.digest, places };
    },
  };
}
