/** @file Pods that their node has given up, and nodes that have gone quiet. */
import { findCondition, pick } from "../shapes.ts";
import { refOf } from "../objects.ts";
import type { Check, Finding } from "./finding.ts";

export const explainNodes: Check = (state) => {
  const pods = pick(state.objects, "Pod");
  const evicted = pods
    .filter(({ status }) => status?.reason === "Evicted")
    .map((pod): Finding => ({
      code: "evicted",
      cause: `${pod.metadata.name} was evicted from ${pod.spec.nodeName ?? "its node"}: ${(pod.status?.message ?? "").trim()}`,
      evidence: [pod.status?.message ?? ""],
      mend: "The node ran short of what the message names: ask for as much as is really used (deploy.resources), or free the node.",
      object: refOf(pod),
    }));
  const used = new Set(pods.flatMap(({ spec }) => spec.nodeName ?? []));
  const quiet = pick(state.objects, "Node").flatMap((node): Finding[] => {
    const ready = findCondition(node.status?.conditions, "Ready");
    if (ready === undefined || ready.status === "True" || !used.has(node.metadata.name)) return [];
    return [
      {
        code: "node-not-ready",
        cause: `node ${node.metadata.name} is not ready (${ready.reason ?? ready.status}), and pods of ours are on it`,
        evidence: [ready.message ?? ""],
        mend: `See kubectl describe node ${node.metadata.name}; its pods move to others after 5 minutes.`,
        object: refOf(node),
      },
    ];
  });
  return [...evicted, ...quiet];
};
