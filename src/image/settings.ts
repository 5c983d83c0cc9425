/** @file How the image runs: the program, its account, its environment, and what is said about it. */
import type { PackedArtifact } from "../artifact/types.ts";
import { type Digest, hexOf } from "../base/digest.ts";
import { epochInvalid } from "./errors.ts";
import { appPath } from "./parts/app.ts";
import { serverUser } from "./parts/host-base.ts";
import { storePath } from "./parts/model.ts";
import { nodePath } from "./parts/node.ts";
import { appFolder } from "./parts/runtime.ts";
import { codeFolder, trainerPath } from "./parts/trainer.ts";
import type { RunConfig } from "./types.ts";

export interface Described {
  /** The project's. */
  name: string;
  port: number;
  codeDigest: Digest;
  /** Slipway's. */
  version: string;
  model: PackedArtifact["artifact"] | undefined;
}

export function describeRun({ name, port, codeDigest, version, model }: Described): RunConfig {
  return {
    User: `${serverUser}:${serverUser}`,
    WorkingDir: `/${appFolder}`,
    Entrypoint: [`/${nodePath}`, `/${appFolder}/server.js`],
    // A base's own command would be taken for arguments.
    Cmd: [],
    Env: [
      programs,
      ...common,
      "HOST=0.0.0.0",
      `PORT=${port}`,
      `SLIPWAY_APP=/${appPath}`,
      `SLIPWAY_STORE=/${storePath}`,
      ...(model === undefined ? [] : [`SLIPWAY_MODEL=${model.name}@${model.digest}`]),
    ],
    ExposedPorts: { [`${port}/tcp`]: {} },
    StopSignal: "SIGTERM",
    Labels: describe({ name, codeDigest, version, model }),
  };
}

/** `hasCode`: the project's own files are in it, for a trainer's command. */
export function describeTraining({ name, codeDigest, version, model }: Described, hasCode: boolean): RunConfig {
  return {
    User: `${serverUser}:${serverUser}`,
    WorkingDir: `/${appFolder}`,
    Entrypoint: [`/${nodePath}`, `/${trainerPath}`],
    Cmd: [],
    Env: [
      programs,
      ...common,
      `SLIPWAY_APP=/${appPath}`,
      `SLIPWAY_CODE=${codeDigest}`,
      ...(hasCode ? [`SLIPWAY_ROOT=/${codeFolder}`] : []),
    ],
    StopSignal: "SIGTERM",
    Labels: describe({ name, codeDigest, version, model }),
  };
}

const programs = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin";
const common = [
  "NODE_ENV=production",
  // onnxruntime for Linux reports to its makers unless it is told not to: what a server runs is its owner's business.
  "ORT_DISABLE_TELEMETRY=1",
];

/** Labels and annotations: the keys of the OCI specification where it has one. */
export function describe({ name, codeDigest, version, model }: Omit<Described, "port">): Record<string, string> {
  return {
    "org.opencontainers.image.title": name,
    "dev.slipway.version": version,
    "dev.slipway.code.digest": codeDigest,
    ...(model !== undefined && {
      "org.opencontainers.image.version": hexOf(model.digest, 12),
      "dev.slipway.model": model.name,
      "dev.slipway.model.digest": model.digest,
      "dev.slipway.dataset.digest": model.lineage.dataset.digest,
    }),
  };
}

/** When the image says it was made: 1970, or SOURCE_DATE_EPOCH (reproducible-builds.org), never the clock. Throws `epochInvalid`. */
export function readCreated(environment: NodeJS.ProcessEnv): string {
  const text = environment["SOURCE_DATE_EPOCH"] ?? "";
  const seconds = text === "" ? 0 : /^\d{1,11}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(seconds)) throw epochInvalid({ seen: text });
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
