import { defineError, exitCodes } from "../base/errors.ts";

const target = { exit: exitCodes.target } as const;

export const platformUnknown = defineError<{ platform: string; known: readonly string[] }>(
  "SLIPWAY_IMAGE_PLATFORM_UNKNOWN",
  {
    message: ({ platform, known }) =>
      `no images are made for ${JSON.stringify(platform)}, only for ${known.join(" and ")}`,
    mend: ({ known }) => `Write --platform ${known.join(",")} or one of them.`,
    exit: exitCodes.usage,
  },
);

export const entryInvalid = defineError<{ path: string; why: string }>("SLIPWAY_IMAGE_ENTRY_INVALID", {
  message: ({ path, why }) => `${JSON.stringify(path)} cannot be a file of a layer: ${why}`,
  mend: () => "Give it another name: relative to the image's root, with / between folders and no . or .. among them.",
});

export const fileUnreadable = defineError<{ path: string; why: string }>("SLIPWAY_IMAGE_FILE_UNREADABLE", {
  message: ({ path, why }) => `${path} cannot be put into the image: ${why}`,
  mend: ({ path }) => `See that ${path} is a file that you may read.`,
});

/** The file changed between being measured and being read: the layer's digest would be of neither. */
export const fileChanged = defineError<{ path: string; wanted: number; seen: number }>("SLIPWAY_IMAGE_FILE_CHANGED", {
  message: ({ path, wanted, seen }) => `${path} changed while it was read: it gave ${seen} bytes, wanted ${wanted}`,
  mend: () => "Run the command again, and let nothing write to the file meanwhile.",
});

export const bundleMissing = defineError<{ path: string }>("SLIPWAY_IMAGE_BUNDLE_MISSING", {
  message: ({ path }) => `the server's bundle ${path} is missing`,
  mend: () => "Run `npm run build`; a package from the registry has it: then install slipway again.",
});

export const packageMissing = defineError<{ name: string; version: string; why: string }>(
  "SLIPWAY_IMAGE_PACKAGE_MISSING",
  {
    message: ({ name, version, why }) => `the image needs the package ${name}@${version}, which is not there: ${why}`,
    mend: ({ name, version }) =>
      `See that \`npm pack ${name}@${version}\` works here (registry, proxy, login in .npmrc), or run this once where it does and copy the cache folder (SLIPWAY_CACHE names it).`,
    ...target,
  },
);

export const packageMismatch = defineError<{ name: string; version: string; seen: string; wanted: string }>(
  "SLIPWAY_IMAGE_PACKAGE_MISMATCH",
  {
    message: ({ name, version, seen, wanted }) =>
      `${name}@${version} from the registry is not what this release was made with: it is ${seen}, wanted ${wanted}`,
    mend: () =>
      "Do not use it. See which registry npm asks (`npm config get registry`), and whether a proxy changes packages.",
    ...target,
  },
);

export const archiveBroken = defineError<{ file: string; why: string }>("SLIPWAY_IMAGE_ARCHIVE_BROKEN", {
  message: ({ file, why }) => `${file} is no whole tar archive: ${why}`,
  mend: ({ file }) => `Fetch or make ${file} again.`,
});

export const elfInvalid = defineError<{ file: string; why: string }>("SLIPWAY_IMAGE_ELF_INVALID", {
  message: ({ file, why }) => `${file} is no program or library for Linux: ${why}`,
  mend: ({ file }) => `Install the package again that ${file} belongs to.`,
});

export const libraryMissing = defineError<{
  library: string;
  neededBy: string;
  architecture: string;
  folders: readonly string[];
}>("SLIPWAY_IMAGE_LIBRARY_MISSING", {
  message: ({ library, neededBy, architecture, folders }) =>
    `${library} for ${architecture}, which ${neededBy} needs, is in none of ${folders.join(", ")}`,
  mend: ({ architecture }) =>
    architecture === "arm64"
      ? "Name a base image instead of `host` (--base debian:12-slim), or install this architecture's libraries (Debian: libc6-arm64-cross libstdc++6-arm64-cross)."
      : "Name a base image instead of `host` (--base debian:12-slim), or install the library (Debian: libc6 libstdc++6 libgcc-s1; for the other architecture libc6-amd64-cross libstdc++6-amd64-cross).",
  ...target,
});

export const baseUnfit = defineError<{ base: string; why: string }>("SLIPWAY_IMAGE_BASE_UNFIT", {
  message: ({ base, why }) => `${base} cannot be a base: ${why}`,
  mend: () => "Name an image for Linux with glibc 2.28 or later and libstdc++, for example debian:12-slim, or `host`.",
  ...target,
});

export const appNotBundled = defineError<{ path: string; faults: readonly string[] }>("SLIPWAY_IMAGE_APP_NOT_BUNDLED", {
  message: ({ path, faults }) => `${path} cannot be made one file for the image:\n${faults.join("\n")}`,
  mend: () =>
    "Install what it imports in the project's folder. Packages with native parts cannot go into the image: import them in the trainer, not in slipway.config.ts.",
  exit: exitCodes.usage,
});

export const cacheUnusable = defineError<{ folder: string; why: string }>("SLIPWAY_IMAGE_CACHE_UNUSABLE", {
  message: ({ folder, why }) => `the cache ${folder} cannot be used: ${why}`,
  mend: () => "Set SLIPWAY_CACHE to a folder that you may write to, on a disk with 500 MB of room.",
});

/** Found while reading; the entry is removed, so the next build makes it anew. */
export const cacheDamaged = defineError<{ file: string; seen: string; wanted: string }>("SLIPWAY_IMAGE_CACHE_DAMAGED", {
  message: ({ file, seen, wanted }) => `${file} was damaged on the disk: it holds ${seen}, wanted ${wanted}`,
  mend: () => "Run the command again: the damaged file is gone and will be made anew.",
});

export const destinationUnusable = defineError<{ path: string; why: string }>("SLIPWAY_IMAGE_DESTINATION_UNUSABLE", {
  message: ({ path, why }) => `cannot write the image to ${path}: ${why}`,
  mend: () => "Name a place that you may write to, with room for the image (100 MB each).",
});

export const contentMismatch = defineError<{ layer: string; seen: string; wanted: string }>(
  "SLIPWAY_IMAGE_CONTENT_MISMATCH",
  {
    message: ({ layer, seen, wanted }) =>
      `the layer ${layer} gave ${seen}, wanted ${wanted}: its source changed meanwhile`,
    mend: () => "Build the image again.",
  },
);

export const epochInvalid = defineError<{ seen: string }>("SLIPWAY_IMAGE_EPOCH_INVALID", {
  message: ({ seen }) => `SOURCE_DATE_EPOCH is ${JSON.stringify(seen)}, wanted seconds since 1970 as a whole number`,
  mend: () => "Set it, for example, to the output of `git log -1 --format=%ct`, or leave it unset.",
  exit: exitCodes.usage,
});

export const destinationUnknown = defineError<{ seen: string; wanted: string }>("SLIPWAY_IMAGE_DESTINATION_UNKNOWN", {
  message: ({ seen, wanted }) => `no images can be imported into ${JSON.stringify(seen)}, only into ${wanted}`,
  mend: ({ wanted }) =>
    wanted.endsWith("<file>") ? "Write one of them, or a file: `--to digits.tar`." : "Write one of them.",
  exit: exitCodes.usage,
});

export const programMissing = defineError<{ program: string; destination: string }>("SLIPWAY_IMAGE_PROGRAM_MISSING", {
  message: ({ program, destination }) => `${destination} is reached by \`${program}\`, which is not on the PATH`,
  mend: ({ program }) =>
    `Run this where ${program} is installed, or write a file (\`slipway image build digits.tar\`) and import it there.`,
  ...target,
});

export const importDenied = defineError<{ destination: string; command: string; why: string }>(
  "SLIPWAY_IMAGE_IMPORT_DENIED",
  {
    message: ({ destination, command, why }) => `${destination} does not let you in: \`${command}\` said: ${why}`,
    mend: ({ command }) =>
      command.startsWith("ssh ")
        ? `Let yourself in first, so that nothing is asked: a key, the host among the known ones, root or sudo without a password. \`${command.replace(/ ctr .*$/, " sudo -n ctr version")}\` shows when it is so.`
        : "Its socket belongs to root: run the same command as root (`sudo --preserve-env=HOME,KUBECONFIG …`), or be let in by its owner (containerd: `[grpc] gid` in its config.toml). For one image by hand: `slipway image build digits.tar`, then `sudo ctr -n k8s.io images import digits.tar`.",
    ...target,
  },
);

export const importUnreachable = defineError<{ destination: string; command: string; why: string }>(
  "SLIPWAY_IMAGE_IMPORT_UNREACHABLE",
  {
    message: ({ destination, command, why }) => `${destination} does not answer: \`${command}\` said: ${why}`,
    mend: () =>
      "Start it, or name the right one: `containerd:/run/k3s/containerd/containerd.sock`, `kind:my-cluster`, `ssh:admin@node1`.",
    ...target,
  },
);

export const importFailed = defineError<{ destination: string; command: string; why: string }>(
  "SLIPWAY_IMAGE_IMPORT_FAILED",
  {
    message: ({ destination, command, why }) =>
      `the image cannot be imported into ${destination}: \`${command}\` said: ${why}`,
    mend: () => "Mend what it says, and run the command again: what is there already is not sent twice.",
    ...target,
  },
);

export const importIncomplete = defineError<{ destination: string; why: string }>("SLIPWAY_IMAGE_IMPORT_INCOMPLETE", {
  message: ({ destination, why }) => `${destination} took the image, yet it is not there whole: ${why}`,
  mend: () => "Look for room on its disk, and run the command again.",
  ...target,
});

export const nodesMissing = defineError<{ destination: string; command: string }>("SLIPWAY_IMAGE_NODES_MISSING", {
  message: ({ destination, command }) => `${destination} has no nodes: \`${command}\` lists none`,
  mend: () =>
    "Name the cluster: `--to kind:my-cluster`; `kind get clusters` or `k3d cluster list` shows which there are.",
  ...target,
});

export const socketMissing = defineError<{ socket: string; found: readonly string[] }>("SLIPWAY_IMAGE_SOCKET_MISSING", {
  message: ({ socket, found }) =>
    `there is no containerd at ${socket}, wanted its socket${found.length > 0 ? `; there is ${found.join(", ")}` : ""}`,
  mend: ({ found }) =>
    `Name the socket: \`containerd:${found[0] ?? "/run/k3s/containerd/containerd.sock"}\` (\`ss -xl | grep containerd\` lists those that are open).`,
  ...target,
});

export const hostingInvalid = defineError<{ field: string; seen: string; wanted: string }>(
  "SLIPWAY_IMAGE_HOSTING_INVALID",
  {
    message: ({ field, seen, wanted }) =>
      `the cluster's ConfigMap kube-public/local-registry-hosting says ${field}: ${seen}, wanted ${wanted}`,
    mend: () =>
      "Correct it (`kubectl -n kube-public edit configmap local-registry-hosting`), or name the registry yourself: `--registry localhost:5001`.",
    ...target,
  },
);

export const deliveryUnknown = defineError<{ looked: readonly string[] }>("SLIPWAY_IMAGE_DELIVERY_UNKNOWN", {
  message: ({ looked }) => `no way is known for images into this cluster: ${looked.join("; ")}`,
  mend: () =>
    "Name a registry that you may push to and its nodes may pull from (`--registry registry.example.com/team`, or `deploy: { registry: … }` in slipway.config.ts); or, without one, how images come into the nodes (`--import containerd:/run/containerd/containerd.sock`, or `deploy: { import: … }`).",
  ...target,
});

export const nodesDiffer = defineError<{ one: string; other: string }>("SLIPWAY_IMAGE_NODES_DIFFER", {
  message: ({ one, other }) =>
    `an import makes one image for all nodes, and they run different ones (${one}; ${other})`,
  mend: () =>
    'Name nodes of one architecture, and keep the pods on them: `deploy: { nodes: { "kubernetes.io/arch": "amd64" } }`. A registry (`deploy.registry`) serves both.',
  ...target,
});

export const nodesUnfit = defineError<{ seen: readonly string[]; wanted: readonly string[] }>(
  "SLIPWAY_IMAGE_NODES_UNFIT",
  {
    message: ({ seen, wanted }) =>
      `no node can run the image: they are ${seen.length === 0 ? "none" : seen.join(", ")}, wanted ${wanted.join(" or ")}`,
    mend: () => "Add a node with Linux on amd64 or arm64 to the cluster (`kubectl get nodes -o wide`).",
    ...target,
  },
);
