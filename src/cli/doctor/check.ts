/** @file What doctor finds: plain data. A new check is a file here and one line in checks.ts. */
import type { Project } from "../../project/types.ts";

export interface Finding {
  level: "ok" | "warn" | "fail";
  /** What was seen. */
  message: string;
  /** What to do; for `warn` and `fail`. */
  remediation?: string;
}

export interface Subject {
  /** Undefined outside a project, or where it does not load. */
  project: Project | undefined;
  port: number;
  host: string;
}

export interface Check {
  /** A word or two: `onnxruntime`. */
  name: string;
  /** Undefined where the check does not apply. */
  run(subject: Subject): Promise<Finding | undefined> | Finding | undefined;
}

export const ok = (message: string): Finding => ({ level: "ok", message });
export const warn = (message: string, remediation: string): Finding => ({ level: "warn", message, remediation });
export const fail = (message: string, remediation: string): Finding => ({ level: "fail", message, remediation });
