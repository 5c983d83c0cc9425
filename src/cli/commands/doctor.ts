import { findSlipwayError, messageOf } from "../../base/errors.ts";
import { projectNotFound } from "../../project/errors.ts";
import { loadProject } from "../../project/load.ts";
import type { Project } from "../../project/types.ts";
import { chooseHost, choosePort } from "../../way/serve-step.ts";
import { defineCommand } from "../command.ts";
import { type Check, fail, type Finding } from "../doctor/check.ts";
import { doctorFound } from "../errors.ts";
import { portOption } from "../project.ts";

export const doctor = defineCommand({
  description: "Looks for the usual causes of trouble on this machine and, inside a project, in it. Changes nothing.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: [portOption],
  examples: [
    ["slipway doctor", ""],
    ["slipway doctor examples/digits --json", ""],
  ],
  async run(io, { args: [folder], options }) {
    const { checks } = await import("../doctor/checks.ts");
    const findings: ({ check: string } & Finding)[] = [];
    const add = (check: string, finding: Finding): void => {
      findings.push({ check, ...finding });
      const mark = { ok: io.paint("green", "✔"), warn: io.paint("yellow", "!"), fail: io.paint("red", "✖") }[
        finding.level
      ];
      io.print(`${mark} ${check.padEnd(15)}${finding.message.replaceAll("\n", "\n    ")}`);
      if (finding.remediation !== undefined) io.print(`  ${io.paint("cyan", "→")} ${finding.remediation}`);
    };
    const project = await load(folder, add);
    const port =
      (options["port"] as number | undefined) ?? choosePort(project ?? { definition: {} as Project["definition"] });
    for (const check of checks) {
      io.report({ step: "doctor", label: check.name });
      const finding = await runCheck(check, { project, port, host: chooseHost() });
      if (finding !== undefined) add(check.name, finding);
    }
    io.document({ ok: findings.every(({ level }) => level !== "fail"), findings });
    const failed = findings.filter(({ level }) => level === "fail").map(({ check }) => check);
    if (failed.length > 0) throw doctorFound({ failed });
  },
});

/** A project that does not load is a finding; no project at all is not, unless one was named. */
async function load(
  folder: string | undefined,
  add: (check: string, finding: Finding) => void,
): Promise<Project | undefined> {
  try {
    return await loadProject(folder ?? ".");
  } catch (error) {
    const known = findSlipwayError(error);
    if (known === undefined) throw error;
    if (folder !== undefined || known.code !== projectNotFound.code) add("project", fail(known.message, known.mend));
    return undefined;
  }
}

/** A check that breaks is itself a finding: the others still run. */
async function runCheck(check: Check, subject: Parameters<Check["run"]>[0]): Promise<Finding | undefined> {
  try {
    return await check.run(subject);
  } catch (error) {
    const reason = messageOf(error);
    return fail(`could not be checked: ${reason}`, "Run it again with --debug, and report it if it stays.");
  }
}
