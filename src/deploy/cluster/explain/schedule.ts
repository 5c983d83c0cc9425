/** @file Pods that no node takes: what they ask for, and what is free. */
import { findCondition, type Node, pick, type Pod } from "../shapes.ts";
import { refOf } from "../objects.ts";
import { formatQuantity, readQuantity } from "./quantity.ts";
import { eventsOf } from "./events.ts";
import type { Check, ClusterState, Finding } from "./finding.ts";

/** Seconds: an autoscaler of nodes says within as much that it adds one. */
const patience = 15;

export const explainScheduling: Check = (state) =>
  pick(state.objects, "Pod").flatMap((pod): Finding[] => {
    const scheduled = findCondition(pod.status?.conditions, "PodScheduled");
    if (scheduled?.status !== "False" || scheduled.reason !== "Unschedulable") return [];
    const message = scheduled.message ?? "";
    const grows = eventsOf(state, pod).some(({ reason }) => reason === "TriggeredScaleUp");
    const reasons = readReasons(message);
    // A claim that waits for its volume is that claim's finding.
    const causes = reasons.map((reason) => explainReason(state, pod, reason));
    const first = causes[0] ?? { code: "unschedulable", cause: message, mend: "" };
    return [
      {
        code: first.code,
        cause: `no node takes ${pod.metadata.name}: ${causes.map(({ cause }) => cause).join("; ") || message}`,
        evidence: [message, ...listFree(state, pod)],
        mend:
          first.mend === ""
            ? "See the scheduler's message above: kubectl describe nodes shows what each has."
            : first.mend,
        object: refOf(pod),
        ...(!grows && { final: patience }),
      },
    ];
  });

/** `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {a: b}. preemption: …` → the parts in the middle. */
function readReasons(message: string): string[] {
  const middle = /nodes are available: (.*?)(?:\. (?:preemption|no new claims)|\.?$)/s.exec(message)?.[1] ?? "";
  return middle.split(/, (?=\d+ )/).filter((part) => part !== "");
}

function explainReason(state: ClusterState, pod: Pod, reason: string): Pick<Finding, "code" | "cause" | "mend"> {
  const resource = /Insufficient (\S+)/.exec(reason)?.[1];
  if (resource !== undefined) {
    const asked = sumRequests(pod, resource);
    const free = pick(state.objects, "Node").map((node) => freeOn(state, node, resource));
    const most = free.length === 0 ? undefined : Math.max(...free);
    const word = resource === "nvidia.com/gpu" ? "GPUs" : resource;
    return {
      code:
        resource === "nvidia.com/gpu" ? "unschedulable-gpu" : `unschedulable-${resource.replaceAll(/[^a-z]+/g, "-")}`,
      cause: `it asks for ${formatQuantity(asked, resource)} ${word}, and ${
        most === undefined
          ? `too little is free (${reason})`
          : `the most that is free on one node is ${formatQuantity(Math.max(0, most), resource)}`
      }`,
      mend:
        resource === "nvidia.com/gpu"
          ? "Take `gpu` out of the resources, free one, or add a node with GPUs and NVIDIA's device plugin."
          : `Ask for less (resources.${resource} in the project file), free some, or add a node.`,
    };
  }
  if (/node affinity|node selector/i.test(reason)) {
    const labels = Object.entries(pod.spec.nodeSelector ?? {});
    const wanted = labels.map(([name, value]) => `${name}=${value}`);
    const nodes = pick(state.objects, "Node");
    // Every node is of Linux: that is not what is missing.
    const missing = labels.findIndex(
      ([name, value]) => !nodes.some(({ metadata }) => metadata.labels?.[name] === value),
    );
    return {
      code: "unschedulable-labels",
      cause: `${reason.replace(/^(\d+) node\(s\) /, "$1 nodes ")}${wanted.length === 0 ? "" : `: it wants ${wanted.join(", ")}`}`,
      mend: `Label a node (kubectl label node <name> ${wanted.at(missing) ?? "<label>=<value>"}), or change the \`nodes\` of the project file.`,
    };
  }
  const taint = /untolerated taint(?:\(s\))?(?: \{([^}]*)\})?/.exec(reason);
  if (taint !== null) {
    const unready = /not-ready|unreachable/.test(reason);
    return {
      code: unready ? "node-not-ready" : "unschedulable-taint",
      cause: reason.replace(/^(\d+) node\(s\) had /, "$1 nodes have the "),
      mend: unready
        ? "The node is not ready: see kubectl describe node."
        : "Use other nodes, or take the taint away: kubectl taint nodes <name> <key>-.",
    };
  }
  if (/were unschedulable/.test(reason))
    return {
      code: "unschedulable-cordoned",
      cause: reason.replace("node(s) were unschedulable", "nodes are cordoned"),
      mend: "Let them take pods again: kubectl uncordon <node>.",
    };
  if (/PersistentVolumeClaim|volume/i.test(reason))
    return {
      code: "unschedulable-volume",
      cause: reason,
      mend: "See the claim: kubectl describe pvc; a volume binds a pod to the node or zone that it is in.",
    };
  return { code: "unschedulable", cause: reason, mend: "" };
}

/** `node1: 250m of 2 cpu free, 1.2Gi of 4Gi memory free`, for what the pod asks for. */
function listFree(state: ClusterState, pod: Pod): string[] {
  const resources = [
    ...new Set(pod.spec.containers.flatMap(({ resources: { requests = {} } = {} }) => Object.keys(requests))),
  ];
  if (resources.length === 0) return [];
  return pick(state.objects, "Node").map((node) => {
    const parts = resources.map((resource) => {
      const all = readQuantity(node.status?.allocatable?.[resource] ?? "0");
      return `${formatQuantity(Math.max(0, freeOn(state, node, resource)), resource)} of ${formatQuantity(all, resource)} ${resource}`;
    });
    return `${node.metadata.name}${node.spec.unschedulable === true ? " (cordoned)" : ""}: free ${parts.join(", ")}`;
  });
}

function freeOn(state: ClusterState, node: Node, resource: string): number {
  const used = pick(state.objects, "Pod")
    .filter(
      ({ spec, status }) =>
        spec.nodeName === node.metadata.name && !["Succeeded", "Failed"].includes(status?.phase ?? ""),
    )
    .reduce((sum, pod) => sum + sumRequests(pod, resource), 0);
  return readQuantity(node.status?.allocatable?.[resource] ?? "0") - used;
}

function sumRequests({ spec }: Pod, resource: string): number {
  const ask = (requests: Record<string, string> = {}): number => readQuantity(requests[resource] ?? "0");
  const main = spec.containers.reduce((sum, { resources }) => sum + ask(resources?.requests), 0);
  return Math.max(main, ...(spec.initContainers ?? []).map(({ resources }) => ask(resources?.requests)));
}
