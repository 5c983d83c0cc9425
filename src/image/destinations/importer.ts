import type { Digest } from "../../base/digest.ts";
import type { Report } from "../../base/progress.ts";
import type { Image, Platform } from "../types.ts";

/** A place where containers are run from, and that takes images without a registry: one file each, found by `findImporter`. */
export interface Importer {
  /** For people: `containerd at /run/containerd/containerd.sock`. */
  readonly name: string;
  /** What it runs. It is asked of it, so that who is not let in hears of it here. Throws the errors of `runProgram`, and `socketMissing`. */
  platform(signal?: AbortSignal): Promise<Platform>;
  /**
   * Brings the image there, under all of `names`, and looks whether it is there whole. Throws `importFailed` and its kin of
   * errors.ts, and what reading a layer throws.
   */
  import(image: Image, names: readonly string[], options?: ImportOptions): Promise<Imported>;
}

export interface ImportOptions {
  report?: Report;
  signal?: AbortSignal | undefined;
}

export interface Imported {
  /** What the image is called by its digest there: of its manifest with containerd, of its config with docker and podman. */
  digest: Digest;
  places: readonly ImportedPlace[];
}

export interface ImportedPlace {
  /** A node's name, or the importer's own. */
  place: string;
  /** Bytes that were handed over: 0 where it had the image already. */
  sent: number;
}

/** What opening an importer takes besides the words behind `--to`. */
export interface ImporterSettings {
  /** Programs are found on its PATH and run in it. Default: this process's. */
  environment?: NodeJS.ProcessEnv;
  /** Of containerd, where the images of pods are kept. Default `k8s.io`. */
  namespace?: string;
}
