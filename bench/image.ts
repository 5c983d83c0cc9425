/**
 * @file From a new model to its image in a registry: ours, in a running process and as a command, beside buildah and crane, which put
 * a file of the same size on our image without its model. All push to the same registry of distribution's, in turns.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openStore, storeFolder } from "../src/artifact/store/layout.ts";
import type { Artifact, Store } from "../src/artifact/types.ts";
import { buildImage } from "../src/image/build.ts";
import { pushImage } from "../src/image/destinations/registry.ts";
import { herePlatform, printPlatform } from "../src/image/platform.ts";
import { openRepository } from "../src/oci/repository.ts";
import { addMetadata } from "../src/onnx/write.ts";
import { loadProject } from "../src/project/load.ts";
import { installDebian } from "../test/debian.ts";
import { canRun, provideCrane } from "../test/e2e/image/crane.ts";
import { startRegistry } from "../test/e2e/registry/start.ts";
import { trainExample } from "./lib/example.ts";
import { formatNumber, formatSummary, summarise, type Summary } from "./lib/stats.ts";
import { formatTable } from "./lib/table.ts";

export interface ImageRow {
  candidate: string;
  /** From the model's file to the manifest's tag in the registry. */
  seconds: Summary;
  /** How often ours in process goes into it, round by round. */
  oursTimes: number;
  commandTimes: number;
}

interface Workshop {
  folder: string;
  /** `127.0.0.1:41234` */
  registry: string;
  store: Store;
  /** The example's champion: every round's model is this one and a line more. */
  champion: Artifact;
  bytes: Uint8Array;
}

interface Candidate {
  name: string;
  /** What comes before the clock: the new model as a file, or in the store. */
  prepare: (round: number) => Promise<() => Promise<void> | void>;
}

/** Never the kind that blocks: the registry's log is read here, and it would wait for its reader. */
const execute = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const cli = join(root, "bin/slipway.js");
const platform = herePlatform();

export async function benchImage({ rounds }: { rounds: number }): Promise<{ rows: ImageRow[]; table: string }> {
  const registry = await startRegistry();
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-image-"));
  try {
    const workshop = await openWorkshop(folder, registry.host);
    const first = await pushFirst(workshop);
    const candidates = await listCandidates(workshop);
    const seconds = new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
    // The first round of each is not counted: what it fetches and starts is there afterwards.
    for (let round = 0; round <= rounds; round++) {
      for (const { name, prepare } of candidates) {
        const run = await prepare(round);
        const begun = performance.now();
        await run();
        if (round > 0) seconds.get(name)!.push((performance.now() - begun) / 1000);
      }
    }
    return summariseAll(seconds, first);
  } finally {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openWorkshop(folder: string, registry: string): Promise<Workshop> {
  const { project, store, champion } = await trainExample("digits");
  copyFileSync(project.configPath, join(folder, "slipway.config.ts"));
  const bytes = await store.readModel(champion);
  return { folder, registry, store: await openStore(storeFolder(folder)), champion, bytes };
}

async function newModel({ store, champion, bytes }: Workshop): Promise<Artifact> {
  const { name, signature, lineage } = champion;
  return store.put({ name, signature, lineage, model: addMetadata(bytes, "round", randomBytes(8).toString("hex")) });
}

/** The first push of all layers, by the command: with nothing on this machine, and once its layers are compressed. */
async function pushFirst(workshop: Workshop): Promise<{ cold: number; warm: number }> {
  const { name, digest } = await newModel(workshop);
  const environment = { ...process.env, SLIPWAY_CACHE: join(workshop.folder, "cold") };
  const push = async (repository: string): Promise<number> => {
    const begun = performance.now();
    await slipway(workshop, repository, `${name}@${digest}`, environment);
    return (performance.now() - begun) / 1000;
  };
  return { cold: await push("cold"), warm: await push("warm") };
}

async function slipway(
  { folder, registry }: Workshop,
  repository: string,
  model: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const words = ["image", "push", `${registry}/${repository}:v1`, "-p", folder, "--model", model];
  await execute(process.execPath, [cli, ...words, "--platform", printPlatform(platform)], { env: environment });
}

async function listCandidates(workshop: Workshop): Promise<Candidate[]> {
  const { folder, registry, store } = workshop;
  const repository = openRepository(`${registry}/ours`);
  // Ours without its model: what the peers stand on.
  const project = await loadProject(folder);
  const base = await buildImage(platform, { project, model: undefined, base: "host" });
  await pushImage(openRepository(`${registry}/base`), base, { tags: ["v1"] });
  const context = join(folder, "context");
  mkdirSync(context);
  writeFileSync(join(context, "Dockerfile"), `FROM ${registry}/base:v1\nCOPY model.onnx /app/store/model.onnx\n`);
  const file = join(context, "model.onnx");
  const writeModel = (): void =>
    writeFileSync(file, addMetadata(workshop.bytes, "round", randomBytes(8).toString("hex")));
  const ours: Candidate[] = [
    {
      name: "slipway, in process",
      prepare: async () => {
        const { name, digest } = await newModel(workshop);
        return async () => {
          const model = await store.pack(`${name}@${digest}`);
          const image = await buildImage(platform, { project: await loadProject(folder), model, base: "host" });
          await pushImage(repository, image, { tags: ["v1"] });
        };
      },
    },
    {
      name: "slipway, command",
      prepare: async () => {
        const { name, digest } = await newModel(workshop);
        return () => slipway(workshop, "ours", `${name}@${digest}`);
      },
    },
  ];
  const peers = [
    ...(await listBuildahs(workshop, context, writeModel)),
    ...(await listCranes(workshop, context, writeModel)),
  ];
  return [...ours, ...peers];
}

/** With each storage that it runs with here: vfs copies the base for each build and works everywhere; overlay needs the kernel's leave. */
async function listBuildahs(
  { folder, registry }: Workshop,
  context: string,
  writeModel: () => void,
): Promise<Candidate[]> {
  if (!canRun("buildah", "--version") && !installDebian("buildah")) {
    process.stderr.write(
      "buildah is left out: it is not on the PATH, and can be installed by root with apt-get only\n",
    );
    return [];
  }
  const found: Candidate[] = [];
  for (const driver of ["vfs", "overlay"]) {
    const place = [
      "--storage-driver",
      driver,
      "--root",
      join(folder, driver),
      "--runroot",
      join(folder, `${driver}-run`),
    ];
    const name = `${registry}/buildah:v1`;
    const build = ["build", "--isolation", "chroot", "--tls-verify=false", "--quiet", "-t", name, context];
    const push = ["push", "--quiet", "--tls-verify=false", name, `docker://${name}`];
    const run = (words: string[]) => execute("buildah", [...place, ...words]);
    writeModel();
    try {
      await run(build);
    } catch (error) {
      process.stderr.write(
        `buildah with ${driver} is left out: ${(error as Error).message.trim().split("\n").at(-1)}\n`,
      );
      continue;
    }
    found.push({
      name: `buildah, ${driver}`,
      prepare: async () => {
        writeModel();
        return async () => {
          await run(build);
          await run(push);
        };
      },
    });
  }
  return found;
}

async function listCranes({ registry }: Workshop, context: string, writeModel: () => void): Promise<Candidate[]> {
  const crane = await provideCrane();
  if (crane === undefined || !existsSync("/bin/tar")) {
    process.stderr.write("crane is left out: it is not on the PATH, and there is no Go to build it with\n");
    return [];
  }
  return [
    {
      name: "crane append",
      prepare: async () => {
        writeModel();
        return async () => {
          await execute("tar", ["-cf", "layer.tar", "model.onnx"], { cwd: context });
          const words = ["append", "-b", `${registry}/base:v1`, "-f", "layer.tar", "-t", `${registry}/crane:v1`];
          await execute(crane, words, { cwd: context });
        };
      },
    },
  ];
}

function summariseAll(
  all: ReadonlyMap<string, number[]>,
  first: { cold: number; warm: number },
): { rows: ImageRow[]; table: string } {
  const ratio = (of: readonly number[], to: string): number =>
    summarise(of.map((value, round) => value / all.get(to)![round]!)).median;
  const rows = [...all].map(([candidate, seconds]) => ({
    candidate,
    seconds: summarise(seconds),
    oursTimes: ratio(seconds, "slipway, in process"),
    commandTimes: ratio(seconds, "slipway, command"),
  }));
  const once = (candidate: string, value: number): ImageRow => ({
    candidate,
    seconds: summarise([value]),
    oursTimes: Number.NaN,
    commandTimes: Number.NaN,
  });
  rows.push(
    once("slipway, first push, nothing cached", first.cold),
    once("slipway, first push, layers cached", first.warm),
  );
  const table = formatTable(
    ["new model → image in the registry", "seconds: median (range)", "÷ ours in process", "÷ our command"],
    rows.map(({ candidate, seconds, oursTimes, commandTimes }) => [
      candidate,
      formatSummary(seconds),
      formatNumber(oursTimes),
      formatNumber(commandTimes),
    ]),
  );
  return { rows, table };
}
