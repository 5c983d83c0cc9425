import { toHelm } from "../../kube/export/helm.ts";
import { type Files, toYamlFiles } from "../../kube/export/files.ts";
import { toKustomize } from "../../kube/export/kustomize.ts";
import { toExportObjects } from "../../kube/export/objects.ts";
import { toYamlStream } from "../../kube/export/yaml.ts";
import { loadProject } from "../../project/load.ts";
import { describeExport, type Exported } from "../../way/cluster/export.ts";
import { defineCommand } from "../command.ts";
import { optionInvalid } from "../errors.ts";
import { writeExport } from "../exports.ts";
import { buildNamed, imageOptions } from "../images.ts";
import { printPlatform } from "../../image/platform.ts";
import type { Platform } from "../../image/types.ts";
import { projectOption } from "../project.ts";
import { quote } from "../try-line.ts";

const formats = ["yaml", "kustomize", "helm"] as const;
type Format = (typeof formats)[number];

export const exportCommand = defineCommand({
  description:
    "Writes the objects that `slipway up` applies, for those who apply them by other means: plain YAML, a Kustomize base, or a Helm chart. No cluster is asked; the registry is, where one is known, for what is there already. Files that an earlier export left and that are no more go.",
  arguments: [["[project]", "the project's folder (default: this one, or the nearest above it)"]],
  options: [
    { flags: "--format <format>", text: "default: yaml", choices: formats },
    { flags: "-o, --output <folder>", text: "where to write; - prints YAML (default: -)" },
    {
      flags: "--image <image>",
      text: "the image as nodes name it, best by digest (default: what `up` has pushed, else it is built, and named in the registry)",
    },
    {
      flags: "--trainer-image <image>",
      text: "the same of the image that trains, where the project has a schedule",
    },
    ...imageOptions.filter((option) => option !== projectOption),
    {
      flags: "--registry <registry>",
      text: "where images are, and models that pods follow (default: `deploy.registry`)",
    },
    { flags: "-n, --namespace <namespace>", text: "default: `deploy.namespace`, else default" },
    { flags: "--chart-version <version>", text: "of a Helm chart (default: 0.1.0)", parse: parseVersion },
  ],
  examples: [
    ["slipway export --image registry.example.com/digits@sha256:… | kubectl apply -f -", ""],
    ["slipway export --format kustomize --output deploy/base", ""],
    ["slipway export --format helm --output charts/digits --chart-version 1.4.0", ""],
  ],
  async run(io, { args: [folder = "."], options }) {
    const word = (name: string) => options[name] as string | undefined;
    const format = (word("format") ?? "yaml") as Format;
    const output = word("output") ?? "-";
    if (output === "-" && format !== "yaml")
      throw optionInvalid({ option: "--output", seen: output, wanted: `a folder: ${format} has several files` });
    const project = await loadProject(folder);
    const [image, trainer] = [word("image"), word("trainerImage")];
    const exported = await describeExport(project, {
      images: { ...(image !== undefined && { server: image }), ...(trainer !== undefined && { trainer }) },
      // Made as `slipway image push` makes it, which sends it.
      make: (kind, store) => buildNamed(io, { ...options, project: project.root, trainer: kind === "trainer" }, store),
      reuse: options["platform"] === undefined && options["base"] === undefined,
      signal: io.signal,
      model: word("model"),
      namespace: word("namespace"),
      registry: word("registry"),
    });
    const { release, run, push } = exported;
    const objects = toExportObjects(exported);
    const commands = push.map((one) => writePush(one, { ...options, project: folder }));
    for (const command of commands) io.note(`Push before anything is applied: ${command}`);
    const images = { image: release.image.reference, ...(run !== undefined && { trainerImage: run.image.reference }) };
    io.document({ ...images, push: commands, ...(output !== "-" && { output }), objects });
    if (output === "-") return io.print(toYamlStream(objects).trimEnd());
    const files = toFiles(format, exported, word("chartVersion"));
    const removed = await writeExport(output, files);
    for (const path of files.keys()) io.print(`  ${path}`);
    for (const path of removed) io.print(`  ${path} (removed)`);
    io.print(`${io.paint("green", "✔")} ${objects.length} objects of ${release.project} → ${output}`);
  },
});

function toFiles(format: Format, exported: Exported, version: string | undefined): Files {
  if (format === "kustomize") return toKustomize(exported);
  return format === "helm"
    ? toHelm(exported, version === undefined ? {} : { version })
    : toYamlFiles(toExportObjects(exported));
}

/** A line that sends what was made here: the same words make the same image. */
function writePush(
  { kind, repository, model }: Exported["push"][number],
  options: Readonly<Record<string, unknown>>,
): string {
  const platforms = options["platform"] as readonly Platform[] | undefined;
  const given = { base: options["base"], platform: platforms?.map(printPlatform).join(",") };
  const project = options["project"] === "." ? [] : ["--project", options["project"] as string];
  const words = [
    ...(kind === "trainer" ? [`${repository}:train`, "--trainer"] : [repository]),
    ...project,
    ...Object.entries({ ...given, ...(kind === "server" && { model: options["model"] }) }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value as string],
    ),
  ];
  const push = ["slipway", "image", "push", ...words].map(quote).join(" ");
  if (model === undefined) return push;
  const { prefix, reference } = model;
  const pull = ["slipway", "models", "pull", prefix, reference, ...project, "--alias", "champion"];
  return `${pull.map(quote).join(" ")} && ${push}`;
}

/** SemVer 2, as Helm wants it. */
function parseVersion(text: string): string {
  if (/^\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?$/.test(text)) return text;
  throw optionInvalid({ option: "--chart-version", seen: text, wanted: "a version such as 1.4.0" });
}
