import { findCondition, pick } from "../shapes.ts";
import { refOf } from "../objects.ts";
import type { Check, Finding } from "./finding.ts";

/** Jobs that have ended in failure. */
export const explainJobs: Check = (state) =>
  pick(state.objects, "Job").flatMap((job): Finding[] => {
    const failed = findCondition(job.status?.conditions, "Failed");
    if (failed?.status !== "True") return [];
    const base = { evidence: [`${failed.reason}: ${failed.message ?? ""}`], object: refOf(job), final: 0 };
    const { name } = job.metadata;
    if (failed.reason === "DeadlineExceeded")
      return [
        {
          ...base,
          code: "job-deadline",
          cause: `Job ${name} was ended: it ran longer than its deadline of ${job.spec.activeDeadlineSeconds} s`,
          mend: "Raise deploy.train.deadline, give it more CPU, or train less.",
        },
      ];
    if (failed.reason === "BackoffLimitExceeded") {
      const tries = (job.spec.backoffLimit ?? 6) + 1;
      return [
        {
          ...base,
          code: "job-failed",
          cause: `Job ${name} has failed ${job.status?.failed ?? tries} of ${tries} times`,
          mend: "Mend what the last try's lines name; deploy.train.retries says how often it is tried.",
        },
      ];
    }
    return [
      {
        ...base,
        code: "job-failed",
        cause: `Job ${name} has failed: ${failed.reason}`,
        mend: "See the message above.",
      },
    ];
  });
