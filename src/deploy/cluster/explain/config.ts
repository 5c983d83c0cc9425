/** @file Secrets, ConfigMaps and volumes that a pod names and that are not there. */
import { pick } from "../shapes.ts";
import { refOf } from "../objects.ts";
import { eventsOf, quote } from "./events.ts";
import type { Check, Finding } from "./finding.ts";

const waitingReasons = new Set(["CreateContainerConfigError", "CreateContainerError"]);

export const explainConfig: Check = (state) =>
  pick(state.objects, "Pod").flatMap((pod): Finding[] => {
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    const seen = statuses.flatMap(({ state: at }) =>
      waitingReasons.has(at?.waiting?.reason ?? "") ? [`${at?.waiting?.reason}: ${at?.waiting?.message ?? ""}`] : [],
    );
    const hasStarted = statuses.some(({ state: at }) => at?.running !== undefined);
    const mounts = hasStarted
      ? []
      : eventsOf(state, pod).filter(({ reason }) => reason === "FailedMount" || reason === "FailedAttachVolume");
    const lines = [...new Set([...seen, ...mounts.slice(-1).map(quote)])];
    const object = refOf(pod);
    return lines.map((line) => {
      const { code, cause, mend, final } = read(line, pod.metadata.namespace ?? "");
      return { code, cause, mend, evidence: [line], object, ...(final !== undefined && { final }) };
    });
  });

function read(line: string, namespace: string): Pick<Finding, "code" | "cause" | "mend"> & { final?: number } {
  const key = /couldn't find key (\S+) in (Secret|ConfigMap) (\S+)/i.exec(line);
  if (key !== null) {
    const [, name, kind = "Secret", owner = ""] = key;
    const bare = owner.split("/").at(-1);
    return {
      code: "config-key-missing",
      cause: `${kind} ${bare} has no key ${name}`,
      mend: `Add the key to it, or name one that it has: kubectl describe ${kind.toLowerCase()} ${bare} --namespace ${namespace}`,
      final: 5,
    };
  }
  const object = /(secret|configmap)s? "([^"]+)" not found/i.exec(line);
  if (object !== null) {
    const [, word = "", name] = object;
    const kind = word.toLowerCase() === "secret" ? "Secret" : "ConfigMap";
    const make = kind === "Secret" ? `kubectl create secret generic ${name}` : `kubectl create configmap ${name}`;
    return {
      code: kind === "Secret" ? "secret-missing" : "config-map-missing",
      cause: `there is no ${kind} ${name} in namespace ${namespace}`,
      mend: `Make it: ${make} --namespace ${namespace} --from-literal=<key>=<value>; or correct the name in the project file.`,
      final: 5,
    };
  }
  if (/runAsNonRoot|non-root policy|non-numeric user|will run as root/i.test(line))
    return {
      code: "image-runs-as-root",
      cause: "the image runs as root, or as a user that it names instead of numbers, and the pod must not run as root",
      mend: "Give the image a numeric user other than 0 (USER 65532).",
      final: 0,
    };
  return {
    code: "volume-not-mounted",
    cause: "the node cannot prepare what the pod mounts or names",
    mend: "See what the node says above; a volume may still be attached to another node.",
    final: 90,
  };
}
