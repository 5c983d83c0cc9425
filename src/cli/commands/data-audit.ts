import { writeFile } from "node:fs/promises";
import { defineCommand } from "../command.ts";
import { openProjectDataset } from "../dataset.ts";
import { auditAlarmed } from "../errors.ts";
import { parseWhole, projectOption } from "../project.ts";
import { formatItems, formatTable } from "../view/format.ts";

export const audit = defineCommand({
  description:
    "Looks for wrong labels: copies under two labels, pairs of labels that were exchanged, single slips, files that an earlier lock knew under another label. A champion that was trained on other data judges; without one, models of other folds do. Exit code 4 where something is alarming.",
  options: [
    projectOption,
    { flags: "--html <file>", text: "write a page with pictures of what is suspected" },
    {
      flags: "--folds <count>",
      text: "models, each trained without its share of the images (default 2)",
      parse: (text) => parseWhole("--folds", text, 2, 20),
    },
    {
      flags: "--epochs <count>",
      text: "of each of them (default 4)",
      parse: (text) => parseWhole("--epochs", text, 1, 1000),
    },
  ],
  examples: [
    ["slipway data audit --html audit.html", "then open audit.html"],
    ["slipway data audit --folds 5", "finds a little more, takes longer"],
  ],
  async run(io, { options }) {
    const { project, dataset } = await openProjectDataset(io, options);
    const { auditDataset } = await import("../../way/audit/run.ts");
    const { auditFolder, keepAudit, toAuditRecord } = await import("../../way/audit/record.ts");
    const [folds, epochs] = [options["folds"] as number | undefined, options["epochs"] as number | undefined];
    const { report: onProgress, signal } = io;
    const report = await auditDataset(project, dataset, {
      ...(folds !== undefined && { folds }),
      ...(epochs !== undefined && { epochs }),
      report: onProgress,
      signal,
    });
    const record = toAuditRecord(report);
    await keepAudit(auditFolder(project.root), record);
    const { labels, alarms, suspicions, judge } = record;
    io.document({ ...record, folder: report.folder });

    io.print(
      `${formatItems(report.count, "image")}, ${formatItems(labels.length, "label")} · judged by ${judge === "champion" ? "the champion" : "models of other folds"}`,
    );
    for (const alarm of alarms) io.print(`${io.paint("red", "✖")} ${alarm}`);
    if (alarms.length === 0) io.print(`${io.paint("green", "✔")} nothing alarming`);
    if (suspicions.length > 0) {
      io.print();
      const rows = suspicions
        .slice(0, 20)
        .map(({ path, label, looksLike, kind, margin }) => [path, label, looksLike, kind, (margin ?? 0).toFixed(2)]);
      for (const line of formatTable(["file", "label", "looks like", "why", "margin"], rows)) io.print(`  ${line}`);
      if (suspicions.length > 20) io.print(`  and ${suspicions.length - 20} more: --json or --html`);
    }
    const page = options["html"] as string | undefined;
    if (page !== undefined) {
      const { writeAuditPage } = await import("../../way/audit/html.ts");
      await writeFile(page, await writeAuditPage(report, project.definition.name));
      io.print(`\n  pictures    ${page}`);
    }
    if (alarms.length > 0) throw auditAlarmed({ alarms });
  },
});
