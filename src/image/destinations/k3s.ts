import type { Importer, ImporterSettings } from "./importer.ts";
import { importerOf } from "./containerd.ts";

/** k3s on this machine: it brings its own `ctr`, which knows its socket. */
export function openK3s({ namespace = "k8s.io", environment }: ImporterSettings = {}): Importer {
  const place = "k3s";
  return importerOf(place, async () => [{ program: ["k3s", "ctr", "-n", namespace], place, environment }]);
}
