/**
 * @file A machine for the part of Python's pickle language that weights are written in. It makes plain data and never calls anything
 * that the file names: `REDUCE` applies our own functions to names of the allow-list (globals.ts), and nothing else.
 *
 * Memory is bounded: an instruction makes at most one value, lengths are held against what is left before anything is allocated, and
 * containers and kept values are counted.
 */

import { pytorchBroken, pytorchGlobal, pytorchOpcode } from "./errors.ts";
import { callGlobal, isAllowed } from "./globals.ts";
import { nameOpcode, opcodes } from "./opcodes.ts";
import { isKind, type PyValue } from "./types.ts";

export interface PickleOptions {
  /** As people know it; for messages. */
  file: string;
  /** Resolves a persistent id: PyTorch keeps its storages outside the pickle. */
  load: (id: PyValue) => PyValue;
}

/** Reads the pickle that begins at `start`; `end` is the byte behind its STOP. */
export function readPickle(bytes: Uint8Array, start: number, options: PickleOptions): { value: PyValue; end: number } {
  const machine: Machine = {
    ...options,
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    at: start,
    stack: [],
    marks: [],
    memo: new Map(),
    made: 0,
  };
  for (;;) {
    const offset = machine.at;
    const opcode = take(machine, 1)[0] ?? 0;
    if (opcode === opcodes.STOP) {
      const value = pop(machine);
      if (machine.stack.length > 0) throw broken(machine, "stops with values left over");
      return { value, end: machine.at };
    }
    const step = steps[opcode];
    if (step === undefined) throw pytorchOpcode({ file: options.file, opcode: nameOpcode(opcode), offset });
    step(machine);
  }
}

/** Whether an error says that the pickle goes on behind the bytes given. */
export function isCutOff(error: unknown): boolean {
  return error instanceof Error && error.message.endsWith(cutOff);
}

interface Machine extends PickleOptions {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  readonly stack: PyValue[];
  /** Lengths of the stack where a MARK was set. */
  readonly marks: number[];
  readonly memo: Map<number, PyValue>;
  /** Containers made and values kept so far. */
  made: number;
}

/** A tensor has about ten; a single byte can make one, which then takes a hundred. */
const mostMade = 2_000_000;

const steps: Record<number, ((machine: Machine) => void) | undefined> = {
  [opcodes.PROTO]: (m) => {
    const protocol = takeUint8(m);
    if (protocol > 5) throw broken(m, `is of protocol ${protocol}, wanted 5 or older`);
  },
  // Only groups what follows.
  [opcodes.FRAME]: (m) => void take(m, 8),

  [opcodes.MARK]: (m) => void m.marks.push(m.stack.length),
  [opcodes.POP]: (m) => void pop(m),
  [opcodes.POP_MARK]: (m) => void popToMark(m),
  [opcodes.DUP]: (m) => void m.stack.push(top(m)),

  [opcodes.NONE]: (m) => void m.stack.push(null),
  [opcodes.NEWTRUE]: (m) => void m.stack.push(true),
  [opcodes.NEWFALSE]: (m) => void m.stack.push(false),
  [opcodes.BININT]: (m) => void m.stack.push(m.view.getInt32(skip(m, 4), true)),
  [opcodes.BININT1]: (m) => void m.stack.push(takeUint8(m)),
  [opcodes.BININT2]: (m) => void m.stack.push(m.view.getUint16(skip(m, 2), true)),
  [opcodes.BINFLOAT]: (m) => void m.stack.push(m.view.getFloat64(skip(m, 8), false)),
  [opcodes.INT]: (m) => void m.stack.push(parseInteger(m, takeLine(m))),
  [opcodes.LONG]: (m) => void m.stack.push(parseInteger(m, takeLine(m).replace(/L$/, ""))),
  [opcodes.LONG1]: (m) => void m.stack.push(toInteger(take(m, takeUint8(m)))),

  [opcodes.BINUNICODE]: (m) => void m.stack.push(toText(take(m, takeUint32(m)))),
  [opcodes.SHORT_BINUNICODE]: (m) => void m.stack.push(toText(take(m, takeUint8(m)))),
  [opcodes.BINUNICODE8]: (m) => void m.stack.push(toText(take(m, takeUint64(m)))),
  // Python 2's plain text: names there are ASCII.
  [opcodes.BINSTRING]: (m) => void m.stack.push(toLatin(take(m, takeUint32(m)))),
  [opcodes.SHORT_BINSTRING]: (m) => void m.stack.push(toLatin(take(m, takeUint8(m)))),
  [opcodes.BINBYTES]: (m) => void m.stack.push(take(m, takeUint32(m))),
  [opcodes.SHORT_BINBYTES]: (m) => void m.stack.push(take(m, takeUint8(m))),
  [opcodes.BINBYTES8]: (m) => void m.stack.push(take(m, takeUint64(m))),
  [opcodes.BYTEARRAY8]: (m) => void m.stack.push(take(m, takeUint64(m))),

  [opcodes.EMPTY_LIST]: (m) => pushContainer(m, []),
  [opcodes.LIST]: (m) => pushContainer(m, popToMark(m)),
  [opcodes.APPEND]: (m) => append(m, [pop(m)]),
  [opcodes.APPENDS]: (m) => append(m, popToMark(m)),
  [opcodes.EMPTY_TUPLE]: (m) => pushTuple(m, []),
  [opcodes.TUPLE]: (m) => pushTuple(m, popToMark(m)),
  [opcodes.TUPLE1]: (m) => pushTuple(m, popMany(m, 1)),
  [opcodes.TUPLE2]: (m) => pushTuple(m, popMany(m, 2)),
  [opcodes.TUPLE3]: (m) => pushTuple(m, popMany(m, 3)),
  [opcodes.EMPTY_DICT]: (m) => pushContainer(m, new Map()),
  [opcodes.DICT]: (m) => {
    const items = popToMark(m);
    pushContainer(m, new Map());
    setItems(m, items);
  },
  [opcodes.SETITEM]: (m) => setItems(m, popMany(m, 2)),
  [opcodes.SETITEMS]: (m) => setItems(m, popToMark(m)),
  [opcodes.EMPTY_SET]: (m) => pushContainer(m, new Set()),
  [opcodes.ADDITEMS]: (m) => addItems(m, popToMark(m)),
  [opcodes.FROZENSET]: (m) => pushContainer(m, new Set(popToMark(m))),

  [opcodes.BINPUT]: (m) => keep(m, takeUint8(m)),
  [opcodes.LONG_BINPUT]: (m) => keep(m, takeUint32(m)),
  [opcodes.MEMOIZE]: (m) => keep(m, m.memo.size),
  [opcodes.BINGET]: (m) => recall(m, takeUint8(m)),
  [opcodes.LONG_BINGET]: (m) => recall(m, takeUint32(m)),

  [opcodes.GLOBAL]: (m) => pushGlobal(m, takeLine(m), takeLine(m)),
  [opcodes.STACK_GLOBAL]: (m) => {
    const [module, name] = popMany(m, 2);
    if (typeof module !== "string" || typeof name !== "string")
      throw broken(m, "names an object by something else than text");
    pushGlobal(m, module, name);
  },
  [opcodes.REDUCE]: (m) => {
    const [callee, args] = popMany(m, 2);
    call(m, callee, args);
  },
  [opcodes.NEWOBJ]: (m) => {
    const [callee, args] = popMany(m, 2);
    call(m, callee, args);
  },
  [opcodes.BUILD]: build,
  [opcodes.BINPERSID]: (m) => pushContainer(m, m.load(pop(m))),
};

function pushGlobal(m: Machine, module: string, object: string): void {
  const name = `${module}.${object}`;
  if (!isAllowed(name)) throw pytorchGlobal({ file: m.file, name: printable(name) });
  m.stack.push({ kind: "global", name });
}

function call(m: Machine, callee: PyValue | undefined, args: PyValue | undefined): void {
  if (!isKind(callee, "global") || !isKind(args, "tuple")) throw broken(m, "calls what is no function");
  pushContainer(m, callGlobal(m.file, callee.name, args.items));
}

/** Attributes of an OrderedDict (PyTorch notes versions of its layers there) are not needed; nothing else may have any. */
function build(m: Machine): void {
  pop(m);
  if (!(top(m) instanceof Map)) throw broken(m, "sets attributes of what is no dict");
}

function append(m: Machine, items: readonly PyValue[]): void {
  const list = top(m);
  if (!Array.isArray(list)) throw broken(m, "appends to what is no list");
  for (const item of items) list.push(item);
}

function addItems(m: Machine, items: readonly PyValue[]): void {
  const set = top(m);
  if (!(set instanceof Set)) throw broken(m, "adds to what is no set");
  for (const item of items) set.add(item);
}

function setItems(m: Machine, items: readonly PyValue[]): void {
  const dict = top(m);
  if (!(dict instanceof Map) || items.length % 2 !== 0) throw broken(m, "sets items of what is no dict");
  for (let i = 0; i < items.length; i += 2) dict.set(items[i] ?? null, items[i + 1] ?? null);
}

function recall(m: Machine, index: number): void {
  const value = m.memo.get(index);
  if (value === undefined) throw broken(m, `recalls value ${index}, which it never kept`);
  m.stack.push(value);
}

function pushTuple(m: Machine, items: readonly PyValue[]): void {
  pushContainer(m, { kind: "tuple", items });
}

function pushContainer(m: Machine, value: PyValue): void {
  countUp(m);
  m.stack.push(value);
}

function keep(m: Machine, index: number): void {
  countUp(m);
  m.memo.set(index, top(m));
}

function countUp(m: Machine): void {
  m.made++;
  if (m.made > mostMade) throw broken(m, `makes more than ${mostMade} objects`);
}

function top(m: Machine): PyValue {
  const value = m.stack.at(-1);
  // Values below a mark belong to what is around it.
  if (value === undefined || m.stack.length <= (m.marks.at(-1) ?? 0))
    throw broken(m, "takes a value where there is none");
  return value;
}

function pop(m: Machine): PyValue {
  const value = top(m);
  m.stack.length--;
  return value;
}

function popMany(m: Machine, count: number): PyValue[] {
  return Array.from({ length: count }, () => pop(m)).toReversed();
}

function popToMark(m: Machine): PyValue[] {
  const from = m.marks.pop();
  if (from === undefined) throw broken(m, "goes back to a mark where there is none");
  return m.stack.splice(from);
}

function skip(m: Machine, length: number): number {
  const from = m.at;
  if (length > m.bytes.length - from) throw broken(m, cutOff);
  m.at = from + length;
  return from;
}

function take(m: Machine, length: number): Uint8Array {
  const from = skip(m, length);
  return m.bytes.subarray(from, from + length);
}

const takeUint8 = (m: Machine): number => m.view.getUint8(skip(m, 1));
const takeUint32 = (m: Machine): number => m.view.getUint32(skip(m, 4), true);
const takeUint64 = (m: Machine): number => Number(m.view.getBigUint64(skip(m, 8), true));

/** Names of modules and numbers as text; none is longer. */
const longestLine = 512;

function takeLine(m: Machine): string {
  const end = m.bytes.subarray(m.at, m.at + longestLine).indexOf(10);
  if (end < 0) throw broken(m, m.bytes.length - m.at > longestLine ? "has a name without an end" : cutOff);
  const line = toText(take(m, end));
  m.at++;
  return line;
}

/** Protocols 0 and 1 write true as 01 and false as 00. */
function parseInteger(m: Machine, line: string): PyValue {
  if (line === "00" || line === "01") return line === "01";
  if (!/^-?\d{1,80}$/.test(line)) throw broken(m, "has a whole number that is none");
  return narrow(BigInt(line));
}

/** Two's complement, least byte first. */
function toInteger(bytes: Uint8Array): number | bigint {
  const hex = Buffer.from(bytes.toReversed()).toString("hex");
  return hex === "" ? 0 : narrow(BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`)));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

// A TextDecoder would drop a byte order mark, which is part of a name as any other character.
const toText = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
const toLatin = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

/** A name out of a file may hold anything; messages go to terminals. */
export function printable(text: string): string {
  const plain = text.replaceAll(/[^\x20-\x7e]/g, "?");
  return plain.length > 100 ? `${plain.slice(0, 99)}…` : plain;
}

const cutOff = "is cut off";

function broken({ file, at }: Machine, fault: string): Error {
  return pytorchBroken({ file, part: `the pickle at byte ${at}`, fault });
}
