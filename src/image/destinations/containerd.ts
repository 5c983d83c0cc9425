import { existsSync } from "node:fs";
import { socketMissing } from "../errors.ts";
import { listContent } from "./content.ts";
import { importByCtr, type Ctr } from "./ctr.ts";
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
  // `ctr` waits ten seconds for a socket that is not there.
  const look = (): void => {
    if (!existsSync(path)) throw socketMissing({ socket: path, found: knownSockets.filter((one) => existsSync(one)) });
  };
  const ctr: Ctr = { program: ["ctr", "-a", path, "-n", namespace], place, environment };
  return importerOf(place, async () => {
    look();
    return [ctr];
  });
}

/** An importer over one containerd or several, each by its own `ctr`. */
export function importerOf(name: string, list: (signal?: AbortSignal) => Promise<readonly Ctr[]>): Importer {
  return {
    name,
    platform: async () => herePlatform(),
    import: async (image, names, options = {}) => {
      const places = [];
      // One after the other: they share this machine's disk.
      for (const ctr of await list(options.signal)) places.push(await importByCtr(ctr, image, names, options));
      return { digest: listContent(image).root.digest, places };
    },
  };
}
