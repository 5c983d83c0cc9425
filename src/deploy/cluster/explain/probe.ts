/** @file Probes that a running container does not pass. */
import { type Container, pick, type Probe } from "../shapes.ts";
import { refOf } from "../objects.ts";
import { eventsOf, quote, timeOf } from "./events.ts";
import type { Check, Finding } from "./finding.ts";

/** Milliseconds: an older failure says nothing about now. */
const fresh = 60_000;

export const explainProbes: Check = (state) =>
  pick(state.objects, "Pod").flatMap((pod): Finding[] => {
    const waiting = (pod.status?.containerStatuses ?? []).filter(
      ({ ready, state: at }) => !ready && at?.running !== undefined,
    );
    const failures = eventsOf(state, pod).filter(
      ({ reason, message = "" }) => reason === "Unhealthy" && /probe/i.test(message),
    );
    return waiting.flatMap(({ name, restartCount, started }) => {
      const last = failures.findLast(
        ({ involvedObject: { fieldPath = "" } }) => fieldPath === "" || fieldPath.includes(`{${name}}`),
      );
      if (last === undefined || state.now - timeOf(last) > fresh) return [];
      const container = pod.spec.containers.find((one) => one.name === name);
      const which = /^(Startup|Readiness|Liveness) probe/i.exec(last.message ?? "")?.[1]?.toLowerCase() ?? "readiness";
      const code = /statuscode: (\d+)/.exec(last.message ?? "")?.[1];
      const answer =
        code !== undefined
          ? `answered ${code}`
          : /connection refused/.test(last.message ?? "")
            ? "refused the connection: nothing listens there"
            : /deadline exceeded|timeout/i.test(last.message ?? "")
              ? "did not answer in time"
              : "failed";
      const target = describe(container, which);
      return [
        {
          code: `${which}-probe-failing`,
          cause: `the ${which} probe of ${pod.metadata.name}/${name}${target} ${answer}${count(last.count ?? last.series?.count)}`,
          evidence: [quote(last), ...(state.logs[`${pod.metadata.name}/${name}`] ?? []).slice(-8)],
          mend:
            which === "readiness" && started === true && code !== undefined
              ? "The server runs and says that it cannot serve yet: its log says why (slipway logs)."
              : "See its log (slipway logs): it does not come up, or listens on another port than the one that is probed.",
          object: refOf(pod),
          // Killed and started again in vain: once more will not help.
          ...(restartCount >= 2 && { final: 0 }),
        },
      ];
    });
  });

function describe(container: Container | undefined, which: string): string {
  const probes: Record<string, Probe | undefined> = {
    startup: container?.startupProbe,
    readiness: container?.readinessProbe,
    liveness: container?.livenessProbe,
  };
  const http = probes[which]?.httpGet;
  return http === undefined ? "" : ` (GET ${http.path ?? "/"} on port ${http.port})`;
}

function count(times: number | undefined): string {
  return times === undefined || times < 2 ? "" : `, ${times} times`;
}
