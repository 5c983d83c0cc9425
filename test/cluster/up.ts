/** @file Brings the cluster up, or what is missing of it: every step looks first, so that it can be run at any time. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileEntry } from "../../src/image/tar/file-entry.ts";
import { provideRegistry } from "../e2e/registry/build.ts";
import { localPath, metallb, metricsServer, registryPart, traefik } from "./addons/host-services.ts";
import { addonObjects, networkObjects } from "./addons/objects.ts";
import { goModules, provideModule, type GoModuleName } from "./build.ts";
import { killCgroups } from "./cgroups.ts";
import { command, lastLines } from "./command.ts";
import { apiserver, controllerManager, etcd, scheduler } from "./control-plane.ts";
import { busyboxEntries, pushOwn, writePauseArchive } from "./images.ts";
import { withLock } from "./lock.ts";
import { ensureNetwork } from "./network.ts";
import { importPause, linkPlugins, prepareNode } from "./node.ts";
import { ensureMachine } from "./packages.ts";
import { ensurePart, listParts, partStatus } from "./parts.ts";
import { ensurePki, kubeconfigPath } from "./pki.ts";
import { bootId, logTail, stopProcess } from "./process.ts";
import { clusterFolder, nodeFolder, nodes, type NodeSettings } from "./settings.ts";

export interface Upped {
  /** False where it was up already. */
  changed: boolean;
}

/** Returns when nodes are ready and names are resolved. `say` hears what takes time. */
export async function up(say: (line: string) => void = () => {}): Promise<Upped> {
  const folder = clusterFolder();
  if (await isWhole(folder)) return { changed: false };
  await ensureMachine();
  return withLock(lockPath(), async () => {
    // Someone else may have brought it up while we waited.
    if (await isWhole(folder)) return { changed: false };
    await bringUp(folder, say);
    return { changed: true };
  });
}

export function lockPath(): string {
  return `${clusterFolder()}.lock`;
}

export function adminKubeconfig(folder: string): string {
  return kubeconfigPath(folder, "admin");
}

async function bringUp(folder: string, say: (line: string) => void): Promise<void> {
  const built = {} as Record<GoModuleName, string>;
  for (const { name } of goModules) built[name] = await provideModule(name, say);
  const registryProgram = await provideRegistry();

  mkdirSync(folder, { recursive: true, mode: 0o755 });
  rmSync(markPath(folder), { force: true });
  forgetOtherBoot(folder);
  linkPrograms(folder, built);
  await linkPlugins(folder, built.calico);
  await ensurePki(folder);
  for (const node of await ensureNetwork(folder)) await abandon(folder, node);

  say("starting the control plane…");
  const pause = join(folder, "pause.tar");
  if (!existsSync(pause)) await writePauseArchive(built.pause, pause);
  const prepared = await Promise.all(
    nodes.map(async (node) => ({ node, parts: await prepareNode(folder, node, built) })),
  );
  const images = ensurePart(folder, registryPart(folder, registryProgram)).then(() => pushImages(built.coredns));
  const runtimes = prepared.map(async ({ node, parts }) => {
    await ensurePart(folder, parts.containerd);
    await importPause(folder, node, pause);
  });
  const control = async () => {
    await ensurePart(folder, etcd(folder, built.kubernetes));
    await ensurePart(folder, apiserver(folder, built.kubernetes));
    await Promise.all([
      ensurePart(folder, controllerManager(folder, built.kubernetes)),
      ensurePart(folder, scheduler(folder, built.kubernetes)),
      applyDefinitions(folder, built),
    ]);
    await apply(folder, networkObjects());
  };
  await allOf([control(), images, ...runtimes]);

  say("starting the nodes…");
  await allOf(
    prepared.flatMap(({ parts }) => [parts.felix, parts.kubelet, parts.proxy].map((part) => ensurePart(folder, part))),
  );
  const pushed = await images;
  await apply(folder, addonObjects(folder, pushed));
  await allOf(
    [
      traefik(folder, built.traefik),
      metallb(folder, built.metallb),
      localPath(folder, built["local-path"], pushed.busybox),
      metricsServer(folder, built["metrics-server"]),
    ].map((part) => ensurePart(folder, part)),
  );

  say("waiting for the nodes and for DNS…");
  await waitForNodes(folder);
  writeFileSync(markPath(folder), sourceFingerprint());
}

async function waitForNodes(folder: string): Promise<void> {
  const names = nodes.map(({ name }) => `node/${name}`);
  try {
    await kubectl(folder, "", "wait", "--for=condition=Ready", "--timeout=90s", ...names);
    await kubectl(folder, "", "rollout", "status", "deployment/coredns", "--namespace=kube-system", "--timeout=90s");
  } catch (error) {
    const pods = await kubectl(folder, "", "describe", "pods", "--namespace=kube-system").catch(String);
    const logs = nodes.map(({ name }) => `kubelet-${name}:\n${logTail(folder, `kubelet-${name}`)}`);
    throw new Error([(error as Error).message, lastLines(pods), ...logs].join("\n\n"), { cause: error });
  }
}

/** Up by this very code since this boot, and every part healthy. */
async function isWhole(folder: string): Promise<boolean> {
  const mark = markPath(folder);
  if (!existsSync(mark) || readFileSync(mark, "utf8") !== sourceFingerprint()) return false;
  const parts = await Promise.all(listParts(folder).map((part) => partStatus(folder, part)));
  return parts.every(({ state }) => state === "healthy");
}

/** Waits for all of them, also when one fails: nothing goes on in the background after an error. */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function pushImages(coredns: string): Promise<{ coredns: string; busybox: string }> {
  const program = await fileEntry("coredns", join(coredns, "bin", "coredns"), 0o755);
  return {
    coredns: await pushOwn("coredns", [[program]], { Entrypoint: ["/coredns"] }),
    busybox: await pushOwn("busybox", [await busyboxEntries()], { Env: ["PATH=/bin"], Cmd: ["/bin/sh"] }),
  };
}

async function applyDefinitions(folder: string, built: Record<GoModuleName, string>): Promise<void> {
  const folders = Object.values(built)
    .map((each) => join(each, "crds"))
    .filter((each) => existsSync(each));
  const stamp = join(folder, "definitions");
  const wanted = folders.join("\n");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const files = folders.flatMap((each) => ["--filename", each]);
  await kubectl(folder, "", "apply", "--server-side", "--force-conflicts", "--recursive", ...files);
  await kubectl(folder, "", "wait", "--for=condition=Established", "--timeout=60s", "crd", "--all");
  writeFileSync(stamp, wanted);
}

function apply(folder: string, objects: readonly object[]): Promise<string> {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  const args = ["apply", "--server-side", "--force-conflicts", "--field-manager=test-cluster", "--filename=-"];
  return kubectl(folder, list, ...args);
}

function kubectl(folder: string, input: string, ...args: string[]): Promise<string> {
  const program = join(folder, "bin", "kubectl");
  return command(program, ["--kubeconfig", adminKubeconfig(folder), ...args], { input });
}

/** For people and tests: `<folder>/bin/kubectl`. */
function linkPrograms(folder: string, built: Record<GoModuleName, string>): void {
  const bin = join(folder, "bin");
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin);
  symlinkSync(join(built.kubernetes, "bin", "kubectl"), join(bin, "kubectl"));
}

/** After a restart of the machine, what containerd noted of running containers describes nothing that is there. */
function forgetOtherBoot(folder: string): void {
  const path = join(folder, "boot");
  const now = bootId();
  if (existsSync(path) && readFileSync(path, "utf8") !== now)
    for (const node of nodes)
      rmSync(join(nodeFolder(folder, node), "containerd", "state"), { recursive: true, force: true });
  writeFileSync(path, now);
}

/** Stops what runs in a namespace that is gone: it would go on unreachable. */
async function abandon(folder: string, node: NodeSettings): Promise<void> {
  for (const part of listParts(folder).filter((name) => name.endsWith(`-${node.name}`)))
    await stopProcess(folder, part);
  await killCgroups(node);
}

function sourceFingerprint(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const hash = createHash("sha256").update(bootId());
  const files = readdirSync(here, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => /(?<!\.test)\.(ts|mod)$/.test(name)).toSorted())
    hash.update(file).update(readFileSync(join(here, file)));
  return hash.digest("hex");
}

const markPath = (folder: string) => join(folder, "whole");
