/** @file What commands that go to a cluster have in common: which one, told before anything is changed, and what came of it. */
import type { Endpoint } from "../deploy/cluster/endpoint.ts";
import type { Project } from "../project/types.ts";
import type { ClusterChoice, ClusterPlace } from "../way/cluster/place.ts";
import type { ClusterPlan, PlannedObject } from "../way/cluster/plan.ts";
import type { ClusterUpOptions } from "../way/cluster/up.ts";
import type { OptionDefinition } from "./command.ts";
import type { Io } from "./io.ts";
import { optionInvalid } from "./errors.ts";
import { chooseTarget, targetOptions } from "./targets.ts";
import { writeCurl, type TryLine } from "./try-line.ts";
import { printSteps } from "./view/steps.ts";

export const clusterOptions: readonly OptionDefinition[] = [
  ...targetOptions,
  {
    flags: "--registry <registry>",
    text: "where images, datasets and models go (default: `deploy.registry`, else the cluster's own, else they are imported into its nodes)",
  },
  {
    flags: "--import <nodes>",
    text: "instead of a registry: how images come into the nodes, as `image import --to` names it; several with commas between (default: `deploy.import`)",
    parse: (text) => text.split(",").map((one) => one.trim()),
  },
  {
    flags: "--base <image>",
    text: "on a cluster: what its images stand on, best by digest; host: this machine's own libraries (default: host)",
  },
];

/** The cluster that the command or the project file names; undefined: the local target. */
export function chooseCluster(
  project: Pick<Project, "definition">,
  options: Readonly<Record<string, unknown>>,
): ClusterChoice | undefined {
  const context = chooseTarget(project, options);
  if (context === "local") return undefined;
  const registry = options["registry"] as string | undefined;
  const importTo = options["import"] as string[] | undefined;
  if (registry !== undefined && importTo !== undefined)
    throw optionInvalid({ option: "--import", seen: importTo.join(","), wanted: "either --registry or --import" });
  return {
    context,
    namespace: options["namespace"] as string | undefined,
    kubeconfig: options["kubeconfig"] as string | undefined,
    registry,
    import: importTo,
    base: options["base"] as string | undefined,
  };
}

/** How the way tells of itself on a terminal. */
export function tellCluster(io: Io, { definition }: Pick<Project, "definition">): ClusterUpOptions {
  return {
    report: io.report,
    signal: io.signal,
    onStep: printSteps(io),
    onTree: io.showTree,
    onTarget: (place) => printTarget(io, definition.name, place),
    onJob: ({ name, attached }) => {
      const goes = attached ? "runs already; this terminal watches" : "goes on without this terminal";
      io.print(io.paint("dim", `  ${"job".padEnd(12)}${name} ${goes}`));
    },
  };
}

function printTarget(
  io: Io,
  name: string,
  { cluster, namespace, delivery }: Pick<ClusterPlace, "cluster" | "namespace" | "delivery">,
): void {
  io.print(`${io.paint("bold", name)} → ${cluster.context} (${cluster.server}), namespace ${namespace}`);
  const way = delivery.kind === "registry" ? `by ${delivery.push}` : `into its nodes (${delivery.to.join(", ")})`;
  io.print(io.paint("dim", `  ${"images".padEnd(12)}${way}: ${delivery.why}`));
}

/** Lines that can be used as they are. */
export function printEndpoints(
  io: Io,
  project: Pick<Project, "definition">,
  endpoints: readonly Endpoint[],
  { data, context, namespace }: Pick<TryLine, "data"> & { context: string; namespace: string },
): void {
  const [best] = endpoints;
  if (best === undefined) {
    const named = namespace === project.definition.deploy?.namespace ? "" : ` --namespace ${namespace}`;
    io.print(`  ${"reach".padEnd(12)}slipway forward --target ${context}${named}`);
    return;
  }
  io.print(`  ${"try".padEnd(12)}${writeCurl(project, { url: best.url, data, words: resolving(best) })}`);
  io.print(`  ${"playground".padEnd(12)}${best.url}/`);
  for (const { kind, url, reachable } of endpoints.slice(1))
    io.print(io.paint("dim", `  ${kind.padEnd(12)}${url}${reachable ? "" : "  (does not answer this machine)"}`));
}

/** For a route by a host's name that DNS may not know yet. */
function resolving({ host, address }: Endpoint): string {
  return host === undefined ? "" : `--connect-to ${host}::${address.host}:${address.port} `;
}

const signs = { created: "+", changed: "~", removed: "-", kept: "=", unchanged: "=", foreign: "=" } as const;

/** What would be done, and each field that would change. */
export function printPlan(io: Io, { steps, objects }: ClusterPlan): void {
  for (const step of steps) io.print(`  ${io.paint("cyan", "›")} ${step}`);
  const changed = objects.filter(({ action }) => ["created", "changed", "removed"].includes(action));
  for (const object of changed) printObject(io, object);
  const left = objects.length - changed.length;
  if (left > 0) io.print(io.paint("dim", `= ${left} unchanged`));
  if (changed.length === 0 && steps.length === 0) io.print("nothing would change");
}

function printObject(io: Io, { kind, name, action, changes }: PlannedObject): void {
  const colour = action === "created" ? "green" : action === "removed" ? "red" : "yellow";
  io.print(`${io.paint(colour, signs[action])} ${kind} ${name}`);
  for (const { path, before, after } of changes) io.print(`    ${path}  ${show(before)} → ${show(after)}`);
}

function show(value: unknown): string {
  if (value === undefined) return "(none)";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
