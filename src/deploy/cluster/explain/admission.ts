/** @file Pods that a namespace or a cluster does not admit: seen at what should have made them. */
import { findCondition, pick } from "../shapes.ts";
import { refOf } from "../objects.ts";
import type { LiveObject } from "../types.ts";
import { findEvent } from "./events.ts";
import type { Check, ClusterState, Finding } from "./finding.ts";

export const explainAdmission: Check = (state) => {
  const makers: LiveObject[] = [...pick(state.objects, "ReplicaSet"), ...pick(state.objects, "Job")];
  return makers.flatMap((maker) => {
    const message = findRefusal(state, maker);
    return message === undefined ? [] : [explain(maker, message)];
  });
};

/** Of a ReplicaSet that wants pods it does not have: an old event of one that has them is history. */
function findRefusal(state: ClusterState, maker: LiveObject): string | undefined {
  const [set] = pick([maker], "ReplicaSet");
  if (set !== undefined) {
    const failure = findCondition(set.status?.conditions, "ReplicaFailure");
    if (failure?.status === "True") return failure.message ?? failure.reason ?? "";
    if ((set.spec.replicas ?? 0) <= (set.status?.replicas ?? 0)) return undefined;
  }
  const [job] = pick([maker], "Job");
  if (
    job !== undefined &&
    ((job.status?.active ?? 0) > 0 || (job.status?.conditions ?? []).some(({ status }) => status === "True"))
  )
    return undefined;
  return findEvent(state, maker, ["FailedCreate"])?.message;
}

function explain(maker: LiveObject, message: string): Finding {
  const object = refOf(maker);
  const evidence = [message];
  const who = `${maker.kind} ${maker.metadata.name}`;
  const quota = /exceeded quota: (\S+?), requested: (.*?), used: (.*?), limited: (.*)$/s.exec(message);
  if (quota !== null) {
    const [, name, requested, used, limited] = quota;
    return {
      code: "quota-exceeded",
      cause: `the namespace's ResourceQuota ${name} is used up: asked for ${requested}; used ${used}; allowed ${limited}`,
      evidence,
      mend: "Ask for less (deploy.resources, deploy.replicas), free what is not needed, or have the quota raised. A rollout needs room for one pod more.",
      object,
      final: 10,
    };
  }
  if (/failed quota/.test(message))
    return {
      code: "quota-needs-resources",
      cause: `the namespace's ResourceQuota wants every pod to say what it needs: ${/must specify (.*)$/.exec(message)?.[1] ?? "requests and limits"}`,
      evidence,
      mend: "Set deploy.resources: cpu, memory, and limits for both.",
      object,
      final: 0,
    };
  const security = /violates PodSecurity "([^"]+)": (.*)$/s.exec(message);
  if (security !== null)
    return {
      code: "pod-security",
      cause: `the namespace enforces Pod Security ${security[1]}, and the pod does not keep it: ${security[2]}`,
      evidence,
      mend: "The pods of Slipway keep `restricted`: what breaks it was added in the project file. Take it out, or use another namespace.",
      object,
      final: 0,
    };
  if (/(maximum|minimum) (cpu|memory|storage) usage|LimitRange|limit to request ratio/i.test(message))
    return {
      code: "limit-range",
      cause: `the namespace's LimitRange does not allow what the pod asks for: ${message.replace(/^.*?is forbidden: /s, "")}`,
      evidence,
      mend: "Bring deploy.resources within the range: kubectl describe limitrange.",
      object,
      final: 0,
    };
  const account = /error looking up service account (\S+?)[:,]|serviceaccount "([^"]+)" not found/i.exec(message);
  if (account !== null)
    return {
      code: "service-account-missing",
      cause: `there is no ServiceAccount ${(account[1] ?? account[2] ?? "").split("/").at(-1)}`,
      evidence,
      mend: "Run `slipway up` again: it makes it.",
      object,
      final: 15,
    };
  if (/is forbidden|cannot create resource/i.test(message))
    return {
      code: "forbidden",
      cause: `the cluster does not allow ${who} to make its pods: ${message.replace(/^.*?is forbidden: /s, "")}`,
      evidence,
      mend: "An admission policy or RBAC stands against it: ask who administers the cluster, with the message above.",
      object,
      final: 10,
    };
  return {
    code: "pod-not-made",
    cause: `${who} cannot make its pods`,
    evidence,
    mend: "See the message above.",
    object,
    final: 60,
  };
}
