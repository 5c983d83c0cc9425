import { expect, test } from "vitest";
import { block, inline, optional, renderTemplate } from "./template.ts";

test("templates stand behind a key, below it, or in the place of its line; all else is as it was", () => {
  const object = {
    kind: "Deployment",
    spec: { replicas: 2, resources: { cpu: "1" }, ports: [{ port: 80, nodePort: 0 }], paths: ["a"] },
  };
  const slots: Record<string, ReturnType<typeof inline>> = {
    "spec.replicas": inline("{{ .Values.replicas }}"),
    "spec.resources": block("resources", ".Values.resources"),
    "spec.ports.0.nodePort": optional("nodePort", ".Values.nodePort"),
    "spec.paths.0": inline("{{ .Values.path | quote }}"),
  };
  expect(renderTemplate(object, (path) => slots[path.join(".")])).toBe(`kind: Deployment
spec:
  replicas: {{ .Values.replicas }}
  {{- with .Values.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
  - port: 80
    {{- with .Values.nodePort }}
    nodePort: {{ . | toYaml }}
    {{- end }}
  paths:
  - {{ .Values.path | quote }}
`);
});

test("braces of the object's own, and texts that look like our marks, come through", () => {
  const object = { image: "x", text: "SLOT0SLOT {{ .Values.a }}", lines: "{{ a }}\n}}\n", "{{key}}": 1 };
  const find = (path: readonly string[]) => (path.at(-1) === "image" ? inline("{{ $1 }}") : undefined);
  expect(renderTemplate(object, find)).toBe(`image: {{ $1 }}
text: "SLOT0SLOT {{ "{{" }} .Values.a }}"
lines: |
  {{ "{{" }} a }}
  }}
"{{ "{{" }}key}}": 1
`);
});
