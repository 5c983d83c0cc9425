/** @file Objects as a Helm chart: what people change from place to place are values, all else is as we apply it. */
import { componentLabel } from "../labels.ts";
import { toObjectName } from "../names.ts";
import type { KubeObject, ServerRelease } from "../types.ts";
import { type Files, nameFile } from "./files.ts";
import { addPlaces, chooseSlots } from "./helm-slots.ts";
import { writeValues } from "./helm-values.ts";
import { type Exportable, toExportObjects } from "./objects.ts";
import { renderTemplate } from "./template.ts";
import { toYaml } from "./yaml.ts";

export interface ChartOptions {
  /** SemVer of the chart. Default `0.1.0`. */
  version?: string;
}

/**
 * A chart: `helm install <release> <folder>`. Objects are named after the project, not after Helm's release, so that they are the same whoever makes
 * them; a namespace holds one release of it. The namespace is Helm's to choose, and to make (`--create-namespace`).
 */
export function toHelm(exported: Exportable, options: ChartOptions = {}): Files {
  const { release } = exported;
  const name = toObjectName(release.project);
  const within = toExportObjects(exported).filter(({ kind }) => kind !== "Namespace");
  return new Map([
    ["Chart.yaml", toYaml(describeChart(release, name, options))],
    ["values.yaml", writeValues(exported)],
    ["templates/NOTES.txt", writeNotes(name)],
    ...within.map((object) => [`templates/${nameFile(object)}`, toTemplate(object, exported)] as const),
  ]);
}

function describeChart(release: ServerRelease, name: string, { version = "0.1.0" }: ChartOptions): object {
  return {
    apiVersion: "v2",
    name,
    description: `The prediction endpoint of ${release.project}`,
    type: "application",
    version,
    appVersion: release.model?.digest ?? release.codeDigest,
    // Spreading a rollout (matchLabelKeys) and evicting what is broken (unhealthyPodEvictionPolicy) are on since then.
    kubeVersion: ">=1.27.0-0",
  };
}

function toTemplate(object: KubeObject, exported: Exportable): string {
  const text = renderTemplate(addPlaces(object, exported.release), chooseSlots(object, exported));
  const value = findSwitch(object, exported.release);
  return value === undefined ? text : `{{- if .Values.${value} }}\n${text}{{- end }}\n`;
}

/** The value that leaves an object out. */
function findSwitch({ kind, metadata: { name, labels } }: KubeObject, { project }: ServerRelease): string | undefined {
  if (labels?.[componentLabel] === "trainer") return "training.enabled";
  return kind === "Ingress" && name === toObjectName(project) ? "ingress.enabled" : undefined;
}

function writeNotes(name: string): string {
  return `${name} is on its way: kubectl --namespace {{ .Release.Namespace }} rollout status deployment/${name}
From this machine: kubectl --namespace {{ .Release.Namespace }} port-forward service/${name} {{ .Values.service.port }}
then http://127.0.0.1:{{ .Values.service.port }}/
`;
}
