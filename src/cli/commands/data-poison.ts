import { auditUnsupported } from "../../data/errors.ts";
import { type Poison, poisonDataset, undoPoison } from "../../data/poison.ts";
import { defineCommand } from "../command.ts";
import { openProjectDataset } from "../dataset.ts";
import { optionInvalid, usage } from "../errors.ts";
import { openProject, parseWhole, projectOption } from "../project.ts";
import { formatItems } from "../view/format.ts";

export const poison = defineCommand({
  description:
    "An exercise: spoils the labels of the project's images as an attacker would, by moving files between the label folders. The lock then refuses the data; with a new lock, `slipway data audit` finds it. `--undo` puts everything back.",
  options: [
    projectOption,
    { flags: "--swap <a:b>", text: "images of two labels change places" },
    { flags: "--relabel <a:b>", text: "images of a are called b" },
    { flags: "--random", text: "images of all labels are called any other" },
    {
      flags: "--copies <count>",
      text: "copies of images stand under wrong labels",
      parse: (text) => parseWhole("--copies", text, 1, 1_000_000),
    },
    { flags: "--share <percent>", text: "how many of them (default 100)", parse: parsePercent },
    {
      flags: "--seed <number>",
      text: "other files (default 1)",
      parse: (text) => parseWhole("--seed", text, 0, 2 ** 31 - 1),
    },
    { flags: "--undo", text: "put back what was moved" },
  ],
  examples: [
    [
      "slipway data poison --swap 6:9 --share 20",
      "then: slipway up, which refuses; slipway data lock; slipway data audit",
    ],
    ["slipway data poison --undo", ""],
  ],
  async run(io, { options }) {
    if (options["undo"] === true) {
      const { project } = await openProject(options);
      const files = await undoPoison(project.root);
      io.document({ undone: files.length });
      io.print(files.length === 0 ? "there is nothing to put back" : `${formatItems(files.length, "file")} put back`);
      return;
    }
    const chosen = readPoison(options);
    const { project, dataset } = await openProjectDataset(io, options);
    if (dataset.kind !== "images" || dataset.source.kind !== "imageFolder")
      throw auditUnsupported({ what: "data that are no folder of images" });
    const seed = (options["seed"] as number | undefined) ?? 1;
    const files = await poisonDataset(dataset, chosen, { root: project.root, seed });
    io.document({ poison: chosen, seed, files });
    const copied = files.every((file) => file.copied);
    io.print(`${formatItems(files.length, "file")} ${copied ? "copied" : "moved"} under other labels`);
    io.print("  undo        slipway data poison --undo");
  },
});

function readPoison(options: Readonly<Record<string, unknown>>): Poison {
  const share = (options["share"] as number | undefined) ?? 1;
  const given = ["swap", "relabel", "random", "copies"].filter((name) => options[name] !== undefined);
  if (given.length !== 1)
    throw usage({
      problem: "one of --swap, --relabel, --random, --copies or --undo is wanted",
      command: "slipway data poison",
    });
  if (options["copies"] !== undefined) return { kind: "copies", count: options["copies"] as number };
  if (options["random"] === true) return { kind: "random", share };
  if (options["swap"] !== undefined)
    return { kind: "swap", labels: parsePair("--swap", options["swap"] as string), share };
  const [from, to] = parsePair("--relabel", options["relabel"] as string);
  return { kind: "relabel", from, to, share };
}

function parsePair(option: string, text: string): [string, string] {
  const [a, b, ...more] = text.split(":");
  if (a === undefined || a === "" || b === undefined || b === "" || a === b || more.length > 0)
    throw optionInvalid({ option, seen: text, wanted: "two labels such as 6:9" });
  return [a, b];
}

function parsePercent(text: string): number {
  const value = Number(text.replace(/\s*%$/, ""));
  if (value > 0 && value <= 100) return value / 100;
  throw optionInvalid({ option: "--share", seen: text, wanted: "percent, above 0 and up to 100" });
}
