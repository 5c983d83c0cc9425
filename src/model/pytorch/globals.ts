/** @file The names that a file of weights may use, and what they make here. Everything else is refused by its name. */

import type { ElementType } from "../../onnx/types.ts";
import { pytorchBroken } from "./errors.ts";
import { isKind, type PyValue, type StorageRef } from "./types.ts";

export function isAllowed(name: string): boolean {
  return Object.hasOwn(functions, name) || storageType(name) !== undefined || Object.hasOwn(dtypes, name);
}

/** What a function of the allow-list makes of its arguments. */
export function callGlobal(file: string, name: string, args: readonly PyValue[]): PyValue {
  const make = Object.hasOwn(functions, name) ? functions[name] : undefined;
  const value = make?.(args);
  if (value === undefined)
    throw pytorchBroken({ file, part: `its call of ${name}`, fault: "has other arguments than PyTorch writes" });
  return value;
}

/** Element type of a storage class: null for untyped bytes, undefined for a name that is none. */
export function storageType(name: string): ElementType | null | undefined {
  const match = /^torch(?:\.cuda|\.storage)?\.(\w+Storage)$/.exec(name)?.[1] ?? "";
  return Object.hasOwn(storages, match) ? storages[match] : undefined;
}

const storages: Readonly<Record<string, ElementType | null>> = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  CharStorage: "int8",
  ShortStorage: "int16",
  IntStorage: "int32",
  LongStorage: "int64",
  ByteStorage: "uint8",
  BoolStorage: "bool",
  ComplexFloatStorage: "complex64",
  ComplexDoubleStorage: "complex128",
  UntypedStorage: null,
};

const dtypes: Readonly<Record<string, ElementType>> = {
  "torch.float32": "float32",
  "torch.float64": "float64",
  "torch.float16": "float16",
  "torch.bfloat16": "bfloat16",
  "torch.int8": "int8",
  "torch.int16": "int16",
  "torch.int32": "int32",
  "torch.int64": "int64",
  "torch.uint8": "uint8",
  "torch.uint16": "uint16",
  "torch.uint32": "uint32",
  "torch.uint64": "uint64",
  "torch.bool": "bool",
  "torch.complex64": "complex64",
  "torch.complex128": "complex128",
  "torch.float8_e4m3fn": "float8e4m3fn",
  "torch.float8_e4m3fnuz": "float8e4m3fnuz",
  "torch.float8_e5m2": "float8e5m2",
  "torch.float8_e5m2fnuz": "float8e5m2fnuz",
  "torch.float8_e8m0fnu": "float8e8m0",
};

/** Undefined where the arguments are not those that PyTorch and Python write. */
type Make = (args: readonly PyValue[]) => PyValue | undefined;

/*
 * None of these copies what it is given: the same long list may be handed to a million calls. What is made of a list is made once.
 */
const dicts = new WeakMap<PyValue[], Map<PyValue, PyValue>>();

const toDict: Make = ([items]) => {
  if (items === undefined) return new Map();
  if (items instanceof Map) return items;
  if (!Array.isArray(items)) return undefined;
  // Python 2 hands an OrderedDict its pairs as a list of lists.
  const known = dicts.get(items);
  const pairs = known === undefined ? items.map(toPair) : [];
  if (!pairs.every((pair) => pair !== undefined)) return undefined;
  const dict = known ?? new Map(pairs);
  dicts.set(items, dict);
  return dict;
};

const toSet: Make = ([items]) => (items === undefined ? new Set() : items);

const toOpaque =
  (name: string): Make =>
  () => ({ kind: "opaque", name });

/** Protocol 2 has no bytes: Python writes them as text to be encoded. */
const toBytes: Make = ([text = ""]) => text;

const functions: Readonly<Record<string, Make>> = {
  "collections.OrderedDict": toDict,
  "collections.Counter": toDict,
  "collections.defaultdict": () => new Map(),
  "__builtin__.dict": toDict,
  "builtins.dict": toDict,
  "__builtin__.set": toSet,
  "builtins.set": toSet,
  "__builtin__.frozenset": toSet,
  "builtins.frozenset": toSet,
  "__builtin__.bytearray": toBytes,
  "builtins.bytearray": toBytes,
  "_codecs.encode": toBytes,
  "__builtin__.complex": toOpaque("complex"),
  "builtins.complex": toOpaque("complex"),
  "torch.Size": ([sizes]) => (isKind(sizes, "tuple") || Array.isArray(sizes) ? sizes : undefined),
  "torch.device": toOpaque("device"),
  "torch.serialization._get_layout": toOpaque("layout"),
  "torch._utils._rebuild_tensor": (args) => toTensor(args),
  "torch._utils._rebuild_tensor_v2": (args) => toTensor(args),
  "torch._utils._rebuild_tensor_v3": (args) => toTensor(args, args[6]),
  "torch._utils._rebuild_parameter": ([tensor]) => (isKind(tensor, "tensor") ? tensor : undefined),
};

/** Its bounds are held against the storage by the reader, which knows the tensor's name. */
function toTensor([storage, offset, sizes, strides]: readonly PyValue[], type?: PyValue): PyValue | undefined {
  if (!isKind(storage, "storage") || !isIndex(offset)) return undefined;
  const [shape, steps] = [toNumbers(sizes), toNumbers(strides)];
  const dtype = type === undefined ? storage.dtype : toDtype(type);
  if (shape === undefined || steps === undefined || shape.length !== steps.length || dtype === undefined)
    return undefined;
  return { kind: "tensor", storage, dtype, shape, strides: steps, offset };
}

function toDtype(type: PyValue): ElementType | undefined {
  return isKind(type, "global") && Object.hasOwn(dtypes, type.name) ? dtypes[type.name] : undefined;
}

/** The storage that a persistent id names: ("storage", class, key, device, count) and, in old files, a view of another. */
export function toStorage(file: string, id: PyValue): StorageRef {
  const refuse = (): Error => pytorchBroken({ file, part: "a storage's name", fault: "is not what PyTorch writes" });
  if (!isKind(id, "tuple")) throw refuse();
  const [tag, type, key, , count, view = null] = id.items;
  if (tag !== "storage" || !isKind(type, "global") || typeof key !== "string" || !isIndex(count)) throw refuse();
  const dtype = storageType(type.name);
  if (dtype === undefined) throw refuse();
  const width = dtype === null ? 1 : widths[dtype];
  if (width === undefined) throw refuse();
  const size = count * width;
  const base: StorageRef = { kind: "storage", key, dtype: dtype ?? undefined, size, offset: 0, whole: size };
  if (view === null) return base;
  const [, from, length] = isKind(view, "tuple") ? view.items : [];
  if (!isIndex(from) || !isIndex(length) || from + length > count) throw refuse();
  return { ...base, offset: from * width, size: length * width };
}

/** Bytes of one element. */
export const widths: Readonly<Partial<Record<ElementType, number>>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
  complex64: 8,
  complex128: 16,
  float8e4m3fn: 1,
  float8e4m3fnuz: 1,
  float8e5m2: 1,
  float8e5m2fnuz: 1,
  float8e8m0: 1,
};

/** Far beyond any tensor, and products of a few still count exactly enough to be refused. */
function isIndex(value: PyValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** PyTorch has at most 64 axes. */
function toNumbers(value: PyValue | undefined): number[] | undefined {
  const items = isKind(value, "tuple") ? value.items : Array.isArray(value) ? value : undefined;
  if (items === undefined || items.length > 64) return undefined;
  const numbers = items.filter(isIndex);
  return numbers.length === items.length ? numbers : undefined;
}

function toPair(value: PyValue): [PyValue, PyValue] | undefined {
  const items = isKind(value, "tuple") ? value.items : Array.isArray(value) ? value : [];
  const [key, item] = items;
  return key === undefined || item === undefined || items.length !== 2 ? undefined : [key, item];
}
