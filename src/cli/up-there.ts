/** @file `up`, `train` and `diff` on a cluster. */
import type { Project } from "../project/types.ts";
import type { ClusterChoice } from "../way/cluster/place.ts";
import { planUp, trainThere as trainOnTarget, upOnCluster } from "../way/cluster/up.ts";
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
    sample: options["sample"] === true,
    forceConflicts: options["forceConflicts"] === true,
    ...(options["deadline"] !== undefined && { deadlineMs: (options["deadline"] as number) * 1000 }),
  };
  const { name, context, namespace, trained, endpoints, steps } = await upOnCluster(project, choice, told);
  const urls = endpoints.map(({ kind, url, reachable }) => ({ kind, url, reachable }));
  const digest = trained === undefined ? {} : { digest: trained.digest };
  io.document({ name, target: context, namespace, ...digest, url: urls[0]?.url, urls, steps });
  printEndpoints(io, project, endpoints, { data: trained?.data, context, namespace });
}

export async function trainThere(io: Io, project: Project, choice: ClusterChoice, options: Options): Promise<void> {
  const told = {
    ...tellCluster(io, project),
    force: options["force"] === true,
    resume: options["resume"] === true,
    sample: options["sample"] === true,
  };
  const { name, digest, artifact, steps } = await trainOnTarget(project, choice, told);
  io.document({ name, target: choice.context, digest, metrics: artifact.lineage.metrics, steps });
}

export async function planThere(io: Io, project: Project, choice: ClusterChoice): Promise<void> {
  const plan = await planUp(project, choice, tellCluster(io, project));
  io.document({ name: project.definition.name, target: choice.context, ...plan });
  printPlan(io, plan);
}
