/** @file Containers that end when they should run. */
import { constants } from "node:os";
import { exitCodes } from "../../../base/errors.ts";
import { type ContainerState, type ContainerStatus, pick, type Pod } from "../shapes.ts";
import { refOf } from "../objects.ts";
import { findEvent, quote } from "./events.ts";
import type { Check, ClusterState, Finding } from "./finding.ts";

const evidenceLines = 12;
/** Containers that run our programs, whose exit codes are `exitCodes`. */
const ours = new Set(["server", "trainer"]);

export const explainCrashes: Check = (state) =>
  pick(state.objects, "Pod")
    .filter(({ status, metadata }) => status?.phase !== "Succeeded" && metadata.deletionTimestamp === undefined)
    .flatMap((pod) =>
      [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].flatMap((status) => {
        const ended = findEnd(status);
        return ended === undefined ? [] : [explain(state, pod, status, ended)];
      }),
    );

type Ended = NonNullable<ContainerState["terminated"]>;

/** Of one that is down, or that has come up again after a failure and is not ready yet. */
function findEnd(status: ContainerStatus): Ended | undefined {
  const { state, lastState, ready, restartCount } = status;
  const now = state?.terminated;
  if (now !== undefined) return now.exitCode === 0 ? undefined : now;
  const before = lastState?.terminated;
  if (before === undefined || ready || restartCount === 0) return undefined;
  return before;
}

function explain(state: ClusterState, pod: Pod, status: ContainerStatus, ended: Ended): Finding {
  const { name, restartCount } = status;
  const where = `${pod.metadata.name}/${name}`;
  const log = state.logs[where] ?? (ended.message ?? "").split("\n");
  const lines = log.filter((line) => line.trim() !== "").slice(-evidenceLines);
  const object = refOf(pod);
  const times = restartCount > 0 ? `, ${restartCount} ${restartCount === 1 ? "time" : "times"} so far` : "";
  const base = { evidence: lines, object };
  const own = ours.has(name) ? findMeaning(ended.exitCode) : undefined;
  // How often a Job's pods are tried is the Job's to say.
  const isTried = pod.metadata.ownerReferences?.some(({ kind }) => kind === "Job") ?? false;
  const failing = restartCount >= 2 && !isTried ? { final: 0 } : {};
  const text = [ended.reason, ended.message, ...lines].join("\n");

  if (ended.reason === "OOMKilled") {
    const limit = findMemoryLimit(pod, name);
    return {
      ...base,
      code: "out-of-memory",
      cause: `${where} was killed for using more memory than its limit${limit === undefined ? "" : ` of ${limit}`}${times}`,
      mend: "Raise deploy.resources.memory (or deploy.train.resources.memory), or need less: a smaller batch, a smaller model.",
      ...(restartCount >= 1 && !isTried && { final: 0 }),
    };
  }
  if (/exec format error/i.test(text))
    return {
      ...base,
      code: "wrong-architecture",
      cause: `the image of ${where} is for another architecture than its node${pod.spec.nodeName === undefined ? "" : ` ${pod.spec.nodeName}`}`,
      mend: 'Build it for the node\'s platform: --platform linux/amd64,linux/arm64; or choose nodes by deploy.nodes: { "kubernetes.io/arch": "amd64" }.',
      evidence: lines.length > 0 ? lines : [ended.message ?? "exec format error"],
      final: 0,
    };
  if (
    /executable file not found|no such file or directory/i.test(ended.message ?? "") &&
    /StartError|ContainerCannotRun/.test(ended.reason ?? "")
  )
    return {
      ...base,
      code: "command-missing",
      cause: `the image of ${where} does not have the program that is to run`,
      mend: "Check the image's entry point, or the command that the project names.",
      evidence: [ended.message ?? ""],
      final: 0,
    };
  const killed = findEvent(state, pod, ["Killing"]);
  if (ended.exitCode === 137 && /failed (liveness|startup) probe/i.test(killed?.message ?? ""))
    return {
      ...base,
      code: "killed-by-probe",
      cause: `${where} was killed because it did not answer its probe${times}`,
      mend: "See the probe's finding and the log.",
      evidence: [quote(killed!), ...lines],
      ...failing,
    };
  return {
    ...base,
    code: "crash",
    cause: `${where} ${describeEnd(ended, own)}${times}`,
    mend:
      own === undefined
        ? "Mend what its last lines name; `slipway logs --previous` shows all of them."
        : "Its last lines say what it met and what to do about it.",
    ...failing,
  };
}

/** `ended with exit code 3 (data)`, `was ended by SIGSEGV`. */
function describeEnd({ exitCode, signal, reason }: Ended, own: string | undefined): string {
  const number =
    signal !== undefined && signal > 0 ? signal : exitCode > 128 && exitCode < 160 ? exitCode - 128 : undefined;
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  if (number !== undefined) return `was ended by ${name ?? `signal ${number}`} (exit code ${exitCode})`;
  const odd = reason !== undefined && !["Error", "Completed"].includes(reason) ? `, ${reason}` : "";
  return `ended with exit code ${exitCode}${own === undefined ? "" : ` (${own})`}${odd}`;
}

/** What our own programs mean by it. */
function findMeaning(exitCode: number): string | undefined {
  return Object.entries(exitCodes).find(([, code]) => code === exitCode && code > 1)?.[0];
}

function findMemoryLimit({ spec }: Pod, name: string): string | undefined {
  const container = [...(spec.initContainers ?? []), ...spec.containers].find((one) => one.name === name);
  return container?.resources?.limits?.["memory"];
}
