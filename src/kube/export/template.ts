/** @file YAML with Go templates in it, as Helm reads it: templates are no YAML, so they take the place of marks after it was written. */
import { mapValues } from "./map-values.ts";
import { toYaml } from "./yaml.ts";

/** A piece of template in the place of a value: behind its key, or in the place of the key's whole line. */
export type Slot = { inline: string } | { line: (indent: string) => string };

/** `key: {{ … }}` */
export const inline = (template: string): Slot => ({ inline: template });

/** `key:` and below it the YAML of a value, which is left out where the value is empty. */
export function block(key: string, value: string): Slot {
  return {
    line: (indent) =>
      `${indent}{{- with ${value} }}\n${indent}${key}:\n${indent}  {{- toYaml . | nindent ${indent.length + 2} }}\n${indent}{{- end }}`,
  };
}

/** `key: value`, which is left out where the value is empty. */
export function optional(key: string, value: string): Slot {
  return {
    line: (indent) => `${indent}{{- with ${value} }}\n${indent}${key}: {{ . | toYaml }}\n${indent}{{- end }}`,
  };
}

/** The YAML of an object, with what `find` gives in the places of values. Braces of the object's own are escaped. */
export function renderTemplate(
  object: object,
  find: (path: readonly string[], value: unknown) => Slot | undefined,
): string {
  const slots: Slot[] = [];
  const mark = chooseMark(JSON.stringify(object));
  const marked = mapValues(object, (path, value) => {
    const slot = find(path, value);
    return slot === undefined ? undefined : `${mark}${slots.push(slot) - 1}${mark}`;
  });
  return toYaml(marked)
    .split("\n")
    .map((line) => fill(line.replaceAll("{{", '{{ "{{" }}'), slots, mark))
    .join("\n");
}

function fill(line: string, slots: readonly Slot[], mark: string): string {
  const [, index] = line.split(mark);
  const slot = index === undefined ? undefined : slots[Number(index)];
  if (slot === undefined) return line;
  if ("inline" in slot) return line.replace(`${mark}${index}${mark}`, () => slot.inline);
  return slot.line(/^ */.exec(line)![0]);
}

/** Letters that YAML writes bare and that the object does not have. */
function chooseMark(text: string): string {
  let mark = "SLOT";
  while (text.includes(mark)) mark += "T";
  return mark;
}
