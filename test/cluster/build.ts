/** @file The cluster's programs, each built once from its Go module (modules/<name>/go.mod) and kept outside the clone, by version and by go.mod. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { chmod, cp, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { command } from "./command.ts";
import { withLock } from "./lock.ts";
import { cacheFolder } from "./settings.ts";

interface GoModule {
  name: string;
  /** The module whose version names the folder. */
  main: string;
  /** What each built program is called here. */
  programs: Readonly<Record<string, string>>;
  /** Variables that the linker sets. */
  variables?: Readonly<Record<string, string>>;
  /** A module that is built with one of its folders replaced by one file; go.mod takes it from `into`. */
  stub?: { module: string; version: string; folder: string; file: string; into: string };
  /** Folders of CustomResourceDefinitions inside modules, kept beside the programs. */
  definitions?: readonly { module: string; folder: string }[];
}

export const goModules = [
  {
    name: "kubernetes",
    main: "k8s.io/kubernetes",
    programs: {
      server: "etcd",
      "kube-apiserver": "kube-apiserver",
      "kube-controller-manager": "kube-controller-manager",
      "kube-scheduler": "kube-scheduler",
      kubelet: "kubelet",
      "kube-proxy": "kube-proxy",
      kubectl: "kubectl",
    },
    // Clients and autoscalers read the version that servers and nodes tell.
    variables: {
      "k8s.io/component-base/version.gitVersion": "v1.34.4",
      "k8s.io/component-base/version.gitMajor": "1",
      "k8s.io/component-base/version.gitMinor": "34",
      "k8s.io/component-base/version.gitTreeState": "clean",
    },
  },
  {
    name: "calico",
    main: "github.com/projectcalico/calico",
    programs: { "calico-felix": "calico-felix", calico: "calico" },
    definitions: [{ module: "github.com/projectcalico/calico", folder: "libcalico-go/config/crd" }],
  },
  { name: "coredns", main: "github.com/coredns/coredns", programs: { coredns: "coredns" } },
  {
    name: "traefik",
    main: "github.com/traefik/traefik/v3",
    programs: { traefik: "traefik" },
    stub: {
      module: "github.com/go-acme/lego/v4",
      version: "v4.33.0",
      folder: "providers/dns",
      file: "dns.go.stub",
      into: "lego",
    },
    definitions: [{ module: "sigs.k8s.io/gateway-api", folder: "config/crd/standard" }],
  },
  {
    name: "metallb",
    main: "go.universe.tf/metallb",
    programs: { controller: "metallb-controller" },
    definitions: [{ module: "go.universe.tf/metallb", folder: "config/crd/bases" }],
  },
  {
    name: "local-path",
    main: "github.com/rancher/local-path-provisioner",
    programs: { "local-path-provisioner": "local-path-provisioner" },
  },
  {
    name: "metrics-server",
    main: "sigs.k8s.io/metrics-server",
    programs: { "metrics-server": "metrics-server" },
  },
  { name: "pause", main: "", programs: { pause: "pause" } },
] as const satisfies readonly GoModule[];

const draftPrefix = "cluster-building-";

export type GoModuleName = (typeof goModules)[number]["name"];

/** The folder with the module's programs, and with its definitions under `crds`. Built where it is missing; `say` hears of that. */
export async function provideModule(name: GoModuleName, say: (line: string) => void): Promise<string> {
  const module: GoModule = goModules.find((each) => each.name === name) as GoModule;
  const cache = cacheFolder();
  const folder = join(cache, folderName(module));
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  // One at a time on this machine: Go uses all cores by itself, and the second of two would only do the same again.
  return withLock(join(cache, "build.lock"), async () => {
    if (existsSync(folder)) return folder;
    say(`building ${name}…`);
    await clearStopped(cache);
    const scratch = mkdtempSync(join(cache, draftPrefix));
    try {
      await build(module, scratch);
      // Whole or not at all.
      await rename(join(scratch, "out"), folder);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
    return folder;
  });
}

/** What builds left that were killed: whoever holds the lock is the only one who builds. */
async function clearStopped(cache: string): Promise<void> {
  for (const name of readdirSync(cache).filter((each) => each.startsWith(draftPrefix)))
    await rm(join(cache, name), { recursive: true, force: true });
}

async function build(module: GoModule, scratch: string): Promise<void> {
  cpSync(sourceFolder(module), scratch, { recursive: true });
  const bin = join(scratch, "out", "bin");
  await mkdir(bin, { recursive: true });
  const env = await goEnvironment();
  const go = (...args: string[]) => command("go", args, { cwd: scratch, env });
  const what = existsSync(join(scratch, "main.go")) ? "." : "tool";
  try {
    if (module.stub !== undefined) await writeStub(module.stub, scratch, env);
    await go("build", "-trimpath", "-ldflags", linkerFlags(module), "-o", `${bin}/`, what);
    for (const [built, wanted] of Object.entries(module.programs))
      if (built !== wanted) await rename(join(bin, built), join(bin, wanted));
    for (const [index, { module: path, folder }] of (module.definitions ?? []).entries()) {
      const { Dir } = JSON.parse(await go("list", "-m", "-json", path)) as { Dir: string };
      const target = join(scratch, "out", "crds", String(index));
      await cp(join(Dir, folder), target, { recursive: true });
      // The module cache is read-only, and so is every copy of it.
      for (const file of readdirSync(target)) await chmod(join(target, file), 0o644);
    }
  } catch (error) {
    throw new Error(`${module.name} (for the cluster of the tests) could not be built: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function writeStub(
  { module, version, folder, file, into }: NonNullable<GoModule["stub"]>,
  scratch: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  // From a folder of no module, whose go.mod would ask for what is only being made here.
  const empty = join(scratch, "empty");
  await mkdir(empty);
  const { Dir } = JSON.parse(
    await command("go", ["mod", "download", "-json", `${module}@${version}`], {
      cwd: empty,
      env: { ...env, GOFLAGS: "" },
    }),
  ) as { Dir: string };
  const target = join(scratch, into);
  await cp(Dir, target, { recursive: true });
  await command("chmod", ["-R", "u+w", target]);
  await rm(join(target, folder), { recursive: true });
  await mkdir(join(target, folder));
  await cp(join(scratch, file), join(target, folder, file.replace(".stub", "")));
}

function linkerFlags({ variables = {} }: GoModule): string {
  return ["-s -w", ...Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`)].join(" ");
}

/** The machine's first proxy alone: with `direct` behind it, Go would ask source hosts for what the proxy lacks. */
async function goEnvironment(): Promise<NodeJS.ProcessEnv> {
  const proxies = (await command("go", ["env", "GOPROXY"])).trim().split(/[,|]/);
  const proxy = proxies.find((each) => each !== "direct" && each !== "off");
  return {
    ...process.env,
    ...(proxy !== undefined && { GOPROXY: proxy }),
    GOFLAGS: "-mod=mod -buildvcs=false",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    CGO_ENABLED: "0",
  };
}

function folderName(module: GoModule): string {
  const source = sourceFolder(module);
  const hash = createHash("sha256").update(linkerFlags(module));
  for (const file of readdirSync(source).toSorted()) hash.update(file).update(readFileSync(join(source, file)));
  const version = new RegExp(`\\b${RegExp.escape(module.main)} (v\\S+)`).exec(
    readFileSync(join(source, "go.mod"), "utf8"),
  )?.[1];
  return ["bin", module.name, version ?? "v1", hash.digest("hex").slice(0, 8)].join("-");
}

function sourceFolder(module: GoModule): string {
  return fileURLToPath(new URL(`modules/${module.name}`, import.meta.url));
}
