/** @file docs/cli.md, made from the commander tree, so that it cannot say anything else than `--help`. */
import type { Command } from "commander";
import type { CommandDefinition, CommandEntry } from "./command.ts";
import { commands } from "./commands/index.ts";
import { buildProgram, commonOptions } from "./program.ts";

export async function renderCliDocs(): Promise<string> {
  const root = await buildProgram("all", () => {});
  const sections = await Promise.all(commands.map((entry) => renderCommand(entry, root, "slipway")));
  const common = commonOptions.map(({ flags, text }) => `| \`${flags}\` | ${cell(text)} |`);
  return [
    intro,
    "## Options of every command",
    ["| option | does |", "|---|---|", ...common, "| `-h, --help` | show help with examples |"].join("\n"),
    ...sections,
    "",
  ].join("\n\n");
}

async function renderCommand(entry: CommandEntry, parent: Command, path: string): Promise<string> {
  const definition = await entry.load();
  const command = parent.commands.find((inner) => inner.name() === entry.name);
  if (command === undefined) throw new Error(`${path} ${entry.name} is not in the tree`);
  const name = `${path} ${entry.name}`;
  const parts = [`${path === "slipway" ? "##" : "###"} ${name}`, command.description()];
  if (definition.run !== undefined) parts.push(`\`\`\`\n${name} ${command.usage()}\n\`\`\``);
  parts.push(...renderTables(definition), ...renderExamples(definition));
  for (const inner of definition.subcommands ?? []) parts.push(await renderCommand(inner, command, name));
  if (definition.fallback !== undefined) parts.splice(2, 0, `\`${name}\` alone is \`${name} ${definition.fallback}\`.`);
  return parts.join("\n\n");
}

function renderTables({ arguments: taken = [], options = [] }: CommandDefinition): string[] {
  const rows = [
    ...taken.map(([notation, text]) => `| \`${notation}\` | ${cell(text)} |`),
    ...options.map(({ flags, text }) => `| \`${flags}\` | ${cell(text)} |`),
  ];
  return rows.length === 0 ? [] : [["| takes | |", "|---|---|", ...rows].join("\n")];
}

function renderExamples({ examples = [] }: CommandDefinition): string[] {
  if (examples.length === 0) return [];
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, text]) => (text === "" ? line : `${line.padEnd(width)}  # ${text}`));
  return [`\`\`\`sh\n${lines.join("\n")}\n\`\`\``];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

const intro = `# The command line

Written by \`node scripts/docs-cli.ts\` from the commands themselves. Errors are listed in [errors.md](errors.md).

Results go to stdout. Progress and remarks go to stderr: a line that is written over where stderr is a terminal, nothing where it is
not (\`--verbose\`: a line for each phase). With \`--json\`, stdout has exactly one JSON document, the result or
\`{"error":{"code","message","mend","details","exit"}}\`; where the result is there and is itself bad news (\`data audit\`, \`doctor\`,
\`verify\`), the error is a line of JSON on stderr. With \`--verbose\` too, stderr has one JSON document a line for each progress event.
Colours follow the terminal and \`NO_COLOR\`.

## Exit codes

| code | meaning |
|---|---|
| 0 | done; also when Ctrl-C ends a server that \`up\` or \`serve\` keeps in the foreground, which is its usual end |
| 1 | failed; the message says why |
| 2 | the command line or the project file is wrong |
| 3 | the dataset is missing, faulty, or not the one that was locked |
| 4 | the gate held the model back; the champion is as it was |
| 5 | the target: a port in use, a server that does not start, an endpoint that does not answer as its training run did |
| 130 | interrupted by Ctrl-C (SIGINT), SIGTERM or SIGHUP before it was done; \`slipway train --resume\` continues a training |

A second Ctrl-C ends at once.

## Environment

| variable | meaning |
|---|---|
| \`PORT\` | port of the endpoint; goes before the project file's, after \`--port\` |
| \`HOST\` | address to listen on; 127.0.0.1 by default, so that only this machine is let in |
| \`NO_COLOR\` | no colours |

## What is not done twice

\`up\` and \`train\` name the inputs of a run by one digest: the dataset's content, the trainer with all its settings and its seed, and,
where the trainer is a program of your own (\`command\`), every file of the project's folder except the data, \`slipway.config.ts\`,
\`slipway.lock.json\`, Markdown, logs, names that begin with a dot, and what tools make (\`node_modules\`, \`__pycache__\`, \`venv\`, \`dist\`). A model of the same inputs that is stored already is not trained
again; \`--force\` does. Gate, serving and deployment do not take part: after changing them, \`up\` judges and serves the stored model anew.
A server that runs already for the same model and project file is kept; with another model it takes the new one without failing a
request; with another project file or port it is replaced. What was verified through a running server is not verified again.

## The project file

\`slipway.config.ts\` exports \`defineProject({...})\`. Unknown keys are refused; all faults are told at once.

| field | holds |
|---|---|
| \`name\` | lower-case letters and digits, with single \`.\` \`_\` or \`-\` between them |
| \`data\` | \`imageFolder(path, { size, channels, otherSizes })\`, \`coco(path, { size, channels, annotations, images })\`, \`idx\`, \`jsonl\`, \`csv\` or \`rows\` from \`slipway/data\` |
| \`train\` | \`sequential({...})\`, \`detector({...})\`, \`forest({...})\`, \`naiveBayes({...})\`, \`logistic({...})\`, \`experiments({...})\`, \`weights({...})\` or \`command({...})\` from \`slipway/train\` |
| \`gate\` | limits by metric: \`{ accuracy: { atLeast, atMost, notWorseThanChampionBy, betterThanChampionBy, better } }\` |
| \`audit\` | \`labelAudit()\` for images (docs/guides/audit.md), or a function that looks at the dataset before the champion changes, and gives a list of findings; any finding holds it back |
| \`serve.port\` | 5000 by default |
| \`serve.routes\` | by \`METHOD /path\`: \`{ input: { file: image() }, output: (prediction) => answer }\` |
| \`serve.batching\` | \`{ maxRows, maxQueuedRows }\` |
| \`deploy\` | settings for Kubernetes: \`namespace\`, \`replicas\`, \`expose\`, \`resources\`, \`train.nodes\`; the local target does not use them |

Files that Slipway writes into a project: \`slipway.lock.json\` (commit it) and \`.slipway/\` (do not): \`store/\` (models, an OCI layout),
\`app/\` (the bundled project file that the server loads), \`runs/\` (checkpoints of a training under way), \`run/\` (which server runs, and
the log of a detached one).`;
