/** @file Which tensors of a file are the weights: a checkpoint holds optimizers, averages and counters besides. */

import { pytorchChoice } from "./errors.ts";
import { printable } from "./pickle.ts";
import { isKind, type PyValue, type TensorRef } from "./types.ts";

type Plain = string | number | bigint | boolean | null;

export interface Chosen {
  tensors: Map<string, TensorRef>;
  values: Map<string, Plain>;
}

/** Refuses a file without weights, and one with several dicts of tensors where none is named. */
export function chooseWeights(root: PyValue, file: string, options: { key?: string; prefix?: string }): Chosen {
  const dicts = findDicts(root, file);
  const holders = [...dicts].filter(([, dict]) => [...dict.values()].some((value) => isKind(value, "tensor")));
  const tensors = tensorsOf(options.key === undefined ? chooseDict(holders, file) : findDict(dicts, options.key, file));
  return { tensors: stripPrefix(tensors, file, options.prefix), values: valuesOf(dicts) };
}

type Dicts = Map<string, ReadonlyMap<PyValue, PyValue>>;

/** Every dict by its dotted path, the root's empty. A dict that is met again, also within itself, is listed once. */
function findDicts(root: PyValue, file: string): Dicts {
  if (!(root instanceof Map))
    throw pytorchChoice({ file, seen: `${describe(root)} at its top`, wanted: "a dict of tensors by name" });
  const dicts: Dicts = new Map();
  const seen = new Set<PyValue>([root]);
  const open: [string, ReadonlyMap<PyValue, PyValue>][] = [["", root]];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const [path, dict] = next;
    // No path of a real checkpoint is this long: chains of dicts would make texts of quadratic size.
    if (path.length > 1000)
      throw pytorchChoice({ file, seen: "dicts within dicts without end", wanted: "a dict of tensors by name" });
    dicts.set(path, dict);
    for (const [key, value] of dict) {
      if (!(value instanceof Map) || seen.has(value)) continue;
      seen.add(value);
      open.push([join(path, key), value]);
    }
  }
  return dicts;
}

/** The names under which training scripts keep the weights of the model itself, the usual ones first. */
const usual = ["", "state_dict", "model_state_dict", "model", "model_state", "net", "network", "weights", "params"];

function chooseDict(
  holders: readonly [string, ReadonlyMap<PyValue, PyValue>][],
  file: string,
): ReadonlyMap<PyValue, PyValue> {
  const [first, ...others] = holders;
  if (first === undefined) throw pytorchChoice({ file, seen: "no tensors in it", wanted: "a dict of tensors by name" });
  if (others.length === 0) return first[1];
  const named = usual.map((name) => holders.find(([path]) => path === name)).find((holder) => holder !== undefined);
  if (named !== undefined) return named[1];
  const list = holders.slice(0, 8).map(([path]) => printable(path));
  throw pytorchChoice({
    file,
    seen: `${holders.length} dicts of tensors (${list.join(", ")})`,
    wanted: "one, or the name of one",
  });
}

function findDict(dicts: Dicts, key: string, file: string): ReadonlyMap<PyValue, PyValue> {
  const dict = dicts.get(key);
  if (dict !== undefined) return dict;
  const known = [...dicts.keys()]
    .filter((path) => path !== "")
    .slice(0, 8)
    .map(printable);
  throw pytorchChoice({
    file,
    seen: `no dict ${printable(key)}`,
    wanted: known.length === 0 ? "no key at all" : `one of ${known.join(", ")}`,
  });
}

function tensorsOf(dict: ReadonlyMap<PyValue, PyValue>): Map<string, TensorRef> {
  const named = [...dict].flatMap(([key, value]) => (isKind(value, "tensor") ? [[write(key), value] as const] : []));
  return new Map(named);
}

/** What DataParallel and DistributedDataParallel put before every name. */
const parallel = "module.";

function stripPrefix(
  tensors: Map<string, TensorRef>,
  file: string,
  prefix: string | undefined,
): Map<string, TensorRef> {
  const without = [...tensors.keys()].find((name) => !name.startsWith(prefix ?? parallel));
  if (without !== undefined && prefix === undefined) return tensors;
  if (without !== undefined)
    throw pytorchChoice({ file, seen: `the tensor ${printable(without)}`, wanted: `names that begin with ${prefix}` });
  return new Map([...tensors].map(([name, tensor]) => [name.slice((prefix ?? parallel).length), tensor]));
}

function valuesOf(dicts: Dicts): Map<string, Plain> {
  const values = new Map<string, Plain>();
  for (const [path, dict] of dicts)
    for (const [key, value] of dict) if (isPlain(value)) values.set(join(path, key), value);
  return values;
}

function isPlain(value: PyValue): value is Plain {
  return value === null || ["string", "number", "bigint", "boolean"].includes(typeof value);
}

function join(path: string, key: PyValue): string {
  return path === "" ? write(key) : `${path}.${write(key)}`;
}

function write(key: PyValue): string {
  return isPlain(key) ? String(key) : "?";
}

function describe(value: PyValue): string {
  if (isKind(value, "tensor")) return "a single tensor";
  if (Array.isArray(value) || isKind(value, "tuple")) return "a list";
  return isPlain(value) ? "a plain value" : "an object";
}
