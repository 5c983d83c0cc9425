/** @file Which places of the objects a chart's values fill. */
import { toObjectName } from "../names.ts";
import type { KubeObject, ServerRelease } from "../types.ts";
import type { Exportable } from "./objects.ts";
import { block, inline, optional, type Slot } from "./template.ts";

type Find = (path: readonly string[], value: unknown) => Slot | undefined;

export function chooseSlots(object: KubeObject, { release, run }: Exportable): Find {
  const isTraining = object.kind === "CronJob";
  const isOwn = isTraining || object.metadata.name === toObjectName(release.project);
  const places = isOwn ? (placesOf[object.kind] ?? {}) : {};
  const image = isTraining ? run?.image : release.image;
  const values = isTraining ? "training.image" : "image";
  return (path, value) => {
    const last = path.at(-1);
    if (last === "image" && value === image?.reference) return fillImage(values);
    // A trainer's own image stays as the project says.
    if (last === "imagePullPolicy" && findImage(object, path) === image?.reference)
      return inline(`{{ .Values.${values}.pullPolicy }}`);
    if (last === "resources" && isTraining) return block("resources", ".Values.training.resources");
    return places[path.join(".")] ?? everywhere[path.join(".")] ?? (last === undefined ? undefined : byKey[last]);
  };
}

/** The image beside a container's `imagePullPolicy`. */
function findImage(object: KubeObject, path: readonly string[]): unknown {
  const container = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], object);
  return (container as { image?: unknown }).image;
}

/** Where the project said nothing, there is a place all the same for what Helm's user says. */
export function addPlaces(object: KubeObject, release: ServerRelease): KubeObject {
  if (object.metadata.name !== toObjectName(release.project)) return object;
  if (object.kind === "Service") {
    const { ports, ...spec } = object["spec"] as { ports: readonly { nodePort?: number }[] };
    // Not the first key of its list's member: it is a line that may be left out.
    const [first, ...more] = ports;
    return { ...object, spec: { ...spec, ports: [{ ...first, nodePort: first?.nodePort ?? 0 }, ...more] } };
  }
  if (object.kind !== "Ingress") return object;
  const { rules, ...spec } = object["spec"] as { rules: readonly object[] };
  return {
    ...object,
    spec: { ingressClassName: "", tls: [], ...spec, rules: rules.map((rule) => ({ host: "", ...rule })) },
  };
}

function fillImage(values: string): Slot {
  const its = `.Values.${values}`;
  return inline(
    `"{{ ${its}.repository }}{{ with ${its}.digest }}@{{ . }}{{ else }}:{{ required "${values}.digest or ${values}.tag is missing" ${its}.tag }}{{ end }}"`,
  );
}

const everywhere: Readonly<Record<string, Slot>> = {
  "metadata.namespace": inline("{{ .Release.Namespace }}"),
};

const byKey: Readonly<Record<string, Slot>> = {
  "app.kubernetes.io/managed-by": inline("{{ .Release.Service }}"),
};

const servicePort = inline("{{ .Values.service.port }}");

/** Of the CronJob, and of the objects that are named as the project is: a second Service or Ingress stays as the project says. */
const placesOf: Readonly<Record<string, Readonly<Record<string, Slot>>>> = {
  Deployment: {
    "spec.replicas": inline("{{ .Values.replicas }}"),
    "spec.template.spec.containers.0.resources": block("resources", ".Values.resources"),
  },
  HorizontalPodAutoscaler: {
    "spec.minReplicas": inline("{{ .Values.autoscaling.min }}"),
    "spec.maxReplicas": inline("{{ .Values.autoscaling.max }}"),
    "spec.metrics.0.resource.target.averageUtilization": inline("{{ .Values.autoscaling.cpu }}"),
  },
  Service: {
    "spec.type": inline("{{ .Values.service.type }}"),
    "spec.ports.0.port": servicePort,
    "spec.ports.0.nodePort": optional("nodePort", ".Values.service.nodePort"),
  },
  CronJob: {
    "spec.schedule": inline("{{ .Values.training.schedule | quote }}"),
    "spec.timeZone": inline("{{ .Values.training.timeZone | quote }}"),
  },
  HTTPRoute: { "spec.rules.0.backendRefs.0.port": servicePort },
  Ingress: {
    "spec.ingressClassName": optional("ingressClassName", ".Values.ingress.className"),
    "spec.tls": {
      line: (indent) =>
        [
          "{{- with .Values.ingress.tlsSecret }}",
          "tls:",
          "- secretName: {{ . | quote }}",
          "  {{- with $.Values.ingress.host }}",
          "  hosts:",
          "  - {{ . | quote }}",
          "  {{- end }}",
          "{{- end }}",
        ]
          .map((line) => indent + line)
          .join("\n"),
    },
    "spec.rules.0.host": inline("{{ .Values.ingress.host | quote }}"),
    "spec.rules.0.http.paths.0.path": inline("{{ .Values.ingress.path | quote }}"),
    "spec.rules.0.http.paths.0.backend.service.port.number": servicePort,
  },
};
