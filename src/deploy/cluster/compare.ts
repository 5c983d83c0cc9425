/** @file What differs between two versions of an object, field by field, with secret values masked. Pure. */
import { createHmac, randomBytes } from "node:crypto";
import { isObject } from "../../base/json.ts";
import type { KubeObject } from "../../kube/types.ts";

export interface FieldChange {
  /** `spec.template.spec.containers[server].image` */
  path: string;
  /** As JSON, text as it is; undefined where there is none. */
  before?: string;
  after?: string;
}

/** Another key for each process: equal values look equal within one comparison, and nobody can guess a value by its hash. */
const key = randomBytes(16);
/** What the server writes, and what only repeats the rest. */
const serverFields = [
  "managedFields",
  "resourceVersion",
  "uid",
  "generation",
  "creationTimestamp",
  "selfLink",
  "deletionGracePeriodSeconds",
];
const noise = ["kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"];

/** Without `before`: all that is set. */
export function compareObjects(before: KubeObject | undefined, after: KubeObject): FieldChange[] {
  return compare("", before === undefined ? undefined : normalise(before), normalise(after));
}

/** Without what the server adds, and with a Secret's values as marks. */
export function normalise(object: KubeObject): Record<string, unknown> {
  const { status: _, ...rest } = object as KubeObject & { status?: unknown };
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([name]) => !serverFields.includes(name)));
  const annotations = Object.entries(object.metadata.annotations ?? {}).filter(([name]) => !noise.includes(name));
  const { annotations: __, ...others } = metadata;
  const kept = {
    ...rest,
    metadata: { ...others, ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }) },
  };
  return object.kind === "Secret" ? maskSecret(kept) : kept;
}

function maskSecret(secret: Record<string, unknown>): Record<string, unknown> {
  const {
    stringData = {},
    data = {},
    ...rest
  } = secret as { data?: Record<string, string>; stringData?: Record<string, string> };
  const encoded = Object.entries(stringData).map(
    ([name, value]) => [name, Buffer.from(value).toString("base64")] as const,
  );
  const values = { ...data, ...Object.fromEntries(encoded) };
  return { ...rest, data: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, maskValue(value)])) };
}

/** `•••••• (3fa9c1)`: to see that it changes, and not what it is. */
function maskValue(value: string): string {
  return `•••••• (${createHmac("sha256", key).update(value).digest("hex").slice(0, 6)})`;
}

function compare(path: string, before: unknown, after: unknown): FieldChange[] {
  if (isSame(before, after)) return [];
  if (isObject(before) && isObject(after)) return compareMaps(path, before, after);
  if (Array.isArray(before) && Array.isArray(after)) {
    const [a, b] = [nameItems(before), nameItems(after)];
    if (a !== undefined && b !== undefined) return compareMaps(path, a, b, true);
  }
  // Whole branches that come or go are told by their leaves.
  if (before === undefined && isObject(after) && Object.keys(after).length > 0) return compareMaps(path, {}, after);
  if (after === undefined && isObject(before) && Object.keys(before).length > 0) return compareMaps(path, before, {});
  return [
    { path, ...(before !== undefined && { before: show(before) }), ...(after !== undefined && { after: show(after) }) },
  ];
}

function compareMaps(
  path: string,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  named = false,
): FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => compare(join(path, name, named), own(before, name), own(after, name)));
}

/** Lists whose members have names of their own are compared by them: a container put first moves no other. */
function nameItems(items: readonly unknown[]): Record<string, unknown> | undefined {
  const names = items.map((item) => (isObject(item) && typeof item["name"] === "string" ? item["name"] : undefined));
  if (names.includes(undefined) || new Set(names).size < names.length) {
    return items.every(isObject) ? Object.fromEntries(items.map((item, i) => [String(i), item])) : undefined;
  }
  return Object.fromEntries(items.map((item, i) => [names[i], item]));
}

function join(path: string, name: string, named: boolean): string {
  if (named) return `${path}[${name}]`;
  const plain = /^[\w-]+$/.test(name);
  if (path === "") return name;
  return plain ? `${path}.${name}` : `${path}["${name}"]`;
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A key may be called `constructor`. */
function own(map: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => isSame(own(a, name), own(b, name)));
}
