/** @file Waits for what was applied to run, telling what happens meanwhile, and ends early where it never will. */
import { workloadGone, rolloutFailed, rolloutOvertaken, rolloutTimedOut } from "../errors.ts";
import { type Collector, createCollector } from "./collect.ts";
import { explain } from "./explain/explain.ts";
import type { Finding } from "./explain/finding.ts";
import { drawClaims, drawDeployment, drawJob, isRolledOut, type TreeNode } from "./tree.ts";
import { type Deployment, type EndpointSlice, findCondition, ownedBy, pick, type Pod } from "./shapes.ts";
import { getObject } from "./objects.ts";
import type { Cluster, LiveObject, Ref } from "./types.ts";
import { watchObjects, type Watched } from "./watch.ts";

export interface WatchOptions {
  /** Told at each change: the tree, and what is known to be wrong. */
  onTree?: (tree: TreeNode, findings: readonly Finding[]) => void;
  /** Milliseconds to wait in all. Default 10 minutes. */
  deadlineMs?: number;
  signal?: AbortSignal;
}

export interface RolloutOptions extends WatchOptions {
  namespace: string;
  deployment: string;
  /** Services whose endpoints must be the new pods and no others. */
  services?: readonly string[];
  /** Services, Ingresses and HTTPRoutes to look at too, where nothing is reached through them. */
  routes?: readonly (Ref & { name: string })[];
  /** Image of the release: another one in its place means that somebody else has released since. */
  image?: string;
}

export interface Rollout {
  /** Pods that serve. */
  pods: string[];
  seconds: number;
  tree: TreeNode;
  /** What is still odd, though all pods serve: an address that is not there yet. */
  findings: Finding[];
}

/** Throws `rolloutFailed` with causes and mends, `rolloutTimedOut`, `rolloutOvertaken`. */
export async function watchRollout(cluster: Cluster, options: RolloutOptions): Promise<Rollout> {
  const { namespace, deployment: name, services = [], image } = options;
  const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace, name };
  const live = (await getObject(cluster, ref)) as Deployment | undefined;
  if (live === undefined)
    throw workloadGone({ object: `Deployment ${name} in namespace ${namespace}`, context: cluster.context });
  const labels = live.spec.selector.matchLabels;
  const watched: Watched[] = [
    { apiVersion: "apps/v1", kind: "Deployment", namespace, fields: { "metadata.name": name } },
    { apiVersion: "apps/v1", kind: "ReplicaSet", namespace, labels },
    { apiVersion: "v1", kind: "Pod", namespace, labels },
    { apiVersion: "v1", kind: "Event", namespace, optional: true },
    { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, optional: true },
    ...services.map((service): Watched => ({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      namespace,
      labels: { "kubernetes.io/service-name": service },
    })),
    ...(options.routes ?? []).map(({ apiVersion, kind, name: route }): Watched => ({
      apiVersion,
      kind,
      namespace,
      fields: { "metadata.name": route },
      optional: true,
    })),
    ...((options.routes ?? []).some(({ kind }) => kind === "Ingress")
      ? [{ apiVersion: "networking.k8s.io/v1", kind: "IngressClass", optional: true }]
      : []),
  ];
  const subject = `Deployment ${name} in namespace ${namespace}`;
  return wait(cluster, watched, subject, options, (objects) => {
    const [deployment] = pick(objects, "Deployment");
    if (deployment === undefined) throw workloadGone({ object: subject, context: cluster.context });
    const [newest] = pick(objects, "ReplicaSet").filter(ownedBy(deployment)).toReversed();
    const seen = deployment.spec.template.spec.containers.map((container) => container.image);
    if (image !== undefined && !seen.includes(image))
      throw rolloutOvertaken({ object: subject, seen: seen.join(", "), wanted: image });
    const pods = newest === undefined ? [] : pick(objects, "Pod").filter(ownedBy(newest));
    const tree = drawDeployment(deployment, objects);
    const settled = isRolledOut(deployment) && services.every((service) => isRouted(service, pods, objects));
    return {
      tree,
      done: settled,
      pods: pods.map(({ metadata }) => metadata.name),
      relevant: keepRelevant(objects, deployment, newest),
    };
  });
}

export interface JobOptions extends WatchOptions {
  namespace: string;
  job: string;
}

/** Returns when the Job is complete. Throws `rolloutFailed`, `rolloutTimedOut`. */
export async function watchJob(cluster: Cluster, options: JobOptions): Promise<Rollout> {
  const { namespace, job: name } = options;
  const subject = `Job ${name} in namespace ${namespace}`;
  const watched: Watched[] = [
    { apiVersion: "batch/v1", kind: "Job", namespace, fields: { "metadata.name": name } },
    { apiVersion: "v1", kind: "Pod", namespace, labels: { "batch.kubernetes.io/job-name": name } },
    { apiVersion: "v1", kind: "Event", namespace, optional: true },
    { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, optional: true },
  ];
  return wait(cluster, watched, subject, options, (objects) => {
    const [job] = pick(objects, "Job");
    if (job === undefined) throw workloadGone({ object: subject, context: cluster.context });
    const pods = pick(objects, "Pod").map(({ metadata }) => metadata.name);
    const done = findCondition(job.status?.conditions, "Complete")?.status === "True";
    return { tree: drawJob(job, objects), done, pods, relevant: objects };
  });
}

export interface ClaimOptions extends WatchOptions {
  namespace: string;
  claims: readonly string[];
}

/** Returns when every claim is bound, or waits for its first pod, as some classes have it. Throws `rolloutFailed`, `rolloutTimedOut`. */
export async function watchClaims(cluster: Cluster, { namespace, claims, ...options }: ClaimOptions): Promise<void> {
  const watched: Watched[] = [
    { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace },
    { apiVersion: "v1", kind: "Event", namespace, optional: true },
  ];
  await wait(cluster, watched, `claims ${claims.join(", ")} in namespace ${namespace}`, options, (objects) => {
    const found = pick(objects, "PersistentVolumeClaim").filter(({ metadata }) => claims.includes(metadata.name));
    const waiting = new Set(
      pick(objects, "Event")
        .filter(({ reason }) => reason === "WaitForFirstConsumer")
        .map(({ involvedObject }) => involvedObject.uid),
    );
    const settled = found.filter(({ status, metadata }) => status?.phase === "Bound" || waiting.has(metadata.uid));
    const others = objects.filter(({ kind }) => kind !== "PersistentVolumeClaim");
    return {
      tree: drawClaims(claims, found),
      done: claims.length === settled.length,
      pods: [],
      relevant: [...others, ...found.filter((claim) => !settled.includes(claim))],
    };
  });
}

interface Look {
  tree: TreeNode;
  done: boolean;
  pods: string[];
  /** What `explain` may look at. */
  relevant: LiveObject[];
}

async function wait(
  cluster: Cluster,
  watched: readonly Watched[],
  subject: string,
  { onTree, deadlineMs = 600_000, signal }: WatchOptions,
  look: (objects: LiveObject[]) => Look,
): Promise<Rollout> {
  const started = performance.now();
  const deadline = new AbortController();
  const stop = AbortSignal.any([deadline.signal, ...(signal === undefined ? [] : [signal])]);
  const timer = setTimeout(() => deadline.abort(), deadlineMs);
  const collector = createCollector(cluster);
  const since = new Map<string, number>();
  let last: { look: Look; findings: Finding[] } | undefined;
  try {
    for await (const objects of withTicks(watchObjects(cluster, watched, stop), 2000)) {
      const seen = look(objects);
      const findings = await findCauses(collector, seen.relevant);
      last = { look: seen, findings };
      onTree?.(seen.tree, findings);
      const seconds = (performance.now() - started) / 1000;
      if (seen.done) return { pods: seen.pods, seconds, tree: seen.tree, findings };
      forgetHealed(findings, since);
      const fatal = findings.filter((finding) => isFinal(finding, since));
      if (fatal.length > 0) throw rolloutFailed({ object: subject, context: cluster.context, findings: fatal });
    }
    throw rolloutTimedOut({ object: subject, context: cluster.context, seconds: 0, state: "the watch ended" });
  } catch (error) {
    if (!deadline.signal.aborted || signal?.aborted === true) throw error;
    const { context } = cluster;
    if (last !== undefined && last.findings.length > 0)
      throw rolloutFailed({ object: subject, context, findings: last.findings });
    throw rolloutTimedOut({
      object: subject,
      context,
      seconds: Math.round(deadlineMs / 1000),
      state: last?.look.tree.text ?? "nothing was heard of it",
    });
  } finally {
    clearTimeout(timer);
    // Ends the watches.
    deadline.abort();
  }
}

async function findCauses(collector: Collector, objects: LiveObject[]): Promise<Finding[]> {
  const pods: Pod[] = pick(objects, "Pod");
  const [logs, nodes] = await Promise.all([collector.logs(pods), collector.nodes(pods)]);
  const known = new Set(objects.map(({ metadata }) => metadata.uid));
  const findings = explain({
    objects: [...objects, ...nodes.filter(({ metadata }) => !known.has(metadata.uid))],
    logs,
    now: Date.now(),
  });
  // Other people's pods were only listed to know what is free.
  const ours = new Set(objects.map(({ metadata }) => metadata.name));
  return findings.filter(({ object }) => object.kind !== "Pod" || ours.has(object.name));
}

/** What has healed and comes again begins anew. */
function forgetHealed(findings: readonly Finding[], since: Map<string, number>): void {
  const now = new Set(findings.map(keyOf));
  for (const key of since.keys()) if (!now.has(key)) since.delete(key);
}

function keyOf({ code, object }: Pick<Finding, "code" | "object">): string {
  return `${code} ${object.kind} ${object.name}`;
}

/** Whether it has been so for long enough. */
function isFinal({ code, object, final }: Finding, since: Map<string, number>): boolean {
  if (final === undefined) return false;
  const key = keyOf({ code, object });
  const first = since.get(key) ?? performance.now();
  since.set(key, first);
  return performance.now() - first >= final * 1000;
}

/** Every new pod takes calls through the Service, and no other pod does. */
function isRouted(service: string, pods: readonly Pod[], objects: readonly LiveObject[]): boolean {
  const slices: EndpointSlice[] = pick(objects, "EndpointSlice").filter(
    ({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service,
  );
  const ready = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false && conditions?.terminating !== true)
    .flatMap(({ targetRef }) => targetRef?.name ?? []);
  const names = new Set(
    pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name),
  );
  return ready.every((name) => names.has(name)) && [...names].every((name) => ready.includes(name));
}

/** The troubles of earlier releases, which this one replaces, are not its own; claims count where its pods mount them. */
function keepRelevant(
  objects: readonly LiveObject[],
  deployment: LiveObject,
  newest: LiveObject | undefined,
): LiveObject[] {
  const claims = new Set(
    ((deployment as Deployment).spec.template.spec.volumes ?? []).flatMap(
      ({ persistentVolumeClaim: claim }) => claim?.claimName ?? [],
    ),
  );
  return objects.filter((object) => {
    if (object.kind === "ReplicaSet") return object === newest;
    if (object.kind === "Pod") return newest !== undefined && ownedBy(newest)(object);
    if (object.kind === "PersistentVolumeClaim") return claims.has(object.metadata.name);
    return true;
  });
}

/** The latest value again when nothing new came for `ms`: time passes, and what was bearable becomes final. */
async function* withTicks<T>(source: AsyncGenerator<T>, ms: number): AsyncGenerator<T> {
  let latest: { value: T } | undefined;
  let next = source.next();
  try {
    for (;;) {
      const timer = Promise.withResolvers<"tick">();
      const handle = setTimeout(() => timer.resolve("tick"), ms);
      const result = await Promise.race([next, timer.promise]).finally(() => clearTimeout(handle));
      if (result === "tick") {
        if (latest !== undefined) yield latest.value;
        continue;
      }
      if (result.done === true) return;
      latest = { value: result.value };
      yield result.value;
      next = source.next();
    }
  } finally {
    // Its own end frees the connections; a wait in it is ended by the signal.
    next.catch(() => {});
    void source.return(undefined).catch(() => {});
  }
}
