/** @file The nodes of kind and k3d: containers, each with a containerd inside. `kind load` sends all of an image each time; its `ctr` takes what is missing. */
import { nodesMissing } from "../errors.ts";
import { importerOf } from "./containerd.ts";
import type { Ctr } from "./ctr.ts";
import type { Importer, ImporterSettings } from "./importer.ts";
import { runProgram } from "./program.ts";

/** `kind`, or `kind:name`. Containers are docker's unless KIND_EXPERIMENTAL_PROVIDER says podman or nerdctl, as kind has it. */
export function openKind(name = "kind", settings: ImporterSettings = {}): Importer {
  const { environment = process.env } = settings;
  const own = environment["KIND_EXPERIMENTAL_PROVIDER"] ?? "";
  const engine = own === "" ? "docker" : own;
  const destination = `kind cluster ${name}`;
  return importerOf(destination, async (signal) => {
    const words = ["get", "nodes", "--name", name];
    const output = await runProgram(["kind"], words, { destination, environment, signal });
    // A cluster with several control planes has a balancer, which runs no pods.
    const nodes = output.split(/\s+/).filter((node) => node !== "" && !node.endsWith("-external-load-balancer"));
    if (nodes.length === 0) throw nodesMissing({ destination, command: `kind ${words.join(" ")}` });
    return nodes.map((node) => inside(engine, node, settings));
  });
}

/** `k3d`, or `k3d:name`. */
export function openK3d(name = "k3s-default", settings: ImporterSettings = {}): Importer {
  const { environment } = settings;
  const destination = `k3d cluster ${name}`;
  return importerOf(destination, async (signal) => {
    const filters = [`label=k3d.cluster=${name}`, "label=k3d.role"].flatMap((filter) => ["--filter", filter]);
    const words = ["ps", ...filters, "--format", '{{.Label "k3d.role"}} {{.Names}}'];
    const output = await runProgram(["docker"], words, { destination, environment, signal });
    const nodes = output.split("\n").flatMap((line) => /^(?:server|agent) (\S+)$/.exec(line.trim())?.[1] ?? []);
    if (nodes.length === 0)
      throw nodesMissing({ destination, command: `docker ps --filter label=k3d.cluster=${name}` });
    return nodes.map((node) => inside("docker", node, settings));
  });
}

function inside(engine: string, node: string, { namespace = "k8s.io", environment }: ImporterSettings): Ctr {
  return { program: [engine, "exec", "-i", node, "ctr", "-n", namespace], place: node, environment };
}
