/** @file `up`, `train` and `diff` on a cluster. */
import { join } from "node:path";
import type { Project } from "../project/types.ts";
import type { ClusterChoice } from "../way/cluster/place.ts";
import { planUp, trainThere as trainOnTarget, upOnCluster } from "../way/cluster/up.ts";
import type { ClusterTrainResult } from "../way/cluster/train-way.ts";
import { findRoute } from "../way/verify-step.ts";
import { printEndpoints, printPlan, tellCluster } from "./cluster.ts";
import type { Io } from "./io.ts";

type Options = Readonly<Record<string, unknown>>;

export async function upThere(io: Io, project: Project, choice: ClusterChoice, options: Options): Promise<void> {
  if (options["dryRun"] === true) {
    await planThere(io, project, choice);
    return;
  }
  const told = {
    ...tellCluster(io, project),
    force: options["force"] === true,
    resume: options["resume"] === true,
    forceConflicts: options["forceConflicts"] === true,
    ...(options["deadline"] !== undefined && { deadlineMs: (options["deadline"] as number) * 1000 }),
  };
  const { name, context, namespace, trained, endpoints, steps } = await upOnCluster(project, choice, told);
  const urls = endpoints.map(({ kind, url, reachable }) => ({ kind, url, reachable }));
  const digest = trained === undefined ? {} : { digest: trained.digest };
  io.document({ name, target: context, namespace, ...digest, url: urls[0]?.url, urls, steps });
  const { path, field } = findRoute(project.definition.serve?.routes);
  printEndpoints(
    io,
    endpoints,
    trained === undefined
      ? { path: "/docs", field: undefined, file: undefined, context }
      : { path, field, file: findSample(trained), context },
  );
}

export async function trainThere(io: Io, project: Project, choice: ClusterChoice, options: Options): Promise<void> {
  const told = { ...tellCluster(io, project), force: options["force"] === true, resume: options["resume"] === true };
  const { name, digest, artifact, steps } = await trainOnTarget(project, choice, told);
  io.document({ name, target: choice.context, digest, metrics: artifact.lineage.metrics, steps });
}

export async function planThere(io: Io, project: Project, choice: ClusterChoice): Promise<void> {
  const plan = await planUp(project, choice, tellCluster(io, project));
  io.document({ name: project.definition.name, target: choice.context, ...plan });
  printPlan(io, plan);
}

/** A validation image: the model has not seen it. */
function findSample({ data }: ClusterTrainResult): string | undefined {
  if (data === undefined) return undefined;
  const { dataset, split } = data;
  const entry = dataset.entries[split.validation[0] ?? 0];
  return entry === undefined || dataset.kind !== "images" ? undefined : join(dataset.folder, entry.path);
}
