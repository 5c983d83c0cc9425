/** @file What applying would change in an object, field by field. Pure; what is secret is not shown. */
import type { KubeObject } from "../../kube/types.ts";

export interface FieldChange {
  /** `spec.template.spec.containers[server].image` */
  path: string;
  /** Undefined: the field is new. */
  before?: unknown;
  /** Undefined: the field goes. */
  after?: unknown;
}

/** Written by the server, and nobody's intent. */
const ownFields = new Set(["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"]);

export function diffObjects(before: KubeObject | undefined, after: KubeObject | undefined): FieldChange[] {
  const secret = (before ?? after)?.kind === "Secret";
  const [left, right] = [before, after].map((object) => flatten(object === undefined ? {} : strip(object)));
  const paths = [...new Set([...left!.keys(), ...right!.keys()])].toSorted();
  return paths
    .filter((path) => JSON.stringify(left!.get(path)) !== JSON.stringify(right!.get(path)))
    .map((path) => {
      const show = (value: unknown): unknown => (secret && /^(?:data|stringData)\./.test(path) ? "(secret)" : value);
      return {
        path,
        ...(left!.has(path) && { before: show(left!.get(path)) }),
        ...(right!.has(path) && { after: show(right!.get(path)) }),
      };
    });
}

function strip({ metadata, ...rest }: KubeObject): Record<string, unknown> {
  const { status: _, ...fields } = rest as Record<string, unknown>;
  return { ...fields, metadata: Object.fromEntries(Object.entries(metadata).filter(([name]) => !ownFields.has(name))) };
}

/** Leaves by their paths. Members of a list go by their names where all have one, as Kubernetes merges them. */
function flatten(value: unknown, path = "", leaves = new Map<string, unknown>()): Map<string, unknown> {
  if (Array.isArray(value) && value.length > 0) {
    const named = value.every((item) => typeof (item as { name?: unknown } | null)?.name === "string");
    for (const [index, item] of value.entries())
      flatten(item, `${path}[${named ? (item as { name: string }).name : index}]`, leaves);
  } else if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
    for (const [key, item] of Object.entries(value)) {
      const member = /^[\w-]+$/.test(key) ? `${path === "" ? "" : "."}${key}` : `["${key}"]`;
      flatten(item, path + member, leaves);
    }
  } else leaves.set(path, value);
  return leaves;
}
