import { type DataKind, readMessage, show } from "./message.ts";
import type { Breach, Contract, ContractField } from "./types.ts";

export interface Sent {
  rows: number;
  kind: DataKind;
}

export interface Answer {
  status: number;
  /** As parsed, or the text where it is no JSON. */
  body: unknown;
}

/**
 * Holds one answer against the contract's targets: status, kind, count of rows, shape, names, and each value's type, range and
 * category. No breach is an empty list. Each kind is told once for each target: ten wrong rows are one fault. `observe` sees every value.
 */
export function checkAnswer(
  { targets }: Pick<Contract, "targets">,
  sent: Sent,
  answer: Answer,
  observe: (target: ContractField, value: unknown) => void = () => {},
): Breach[] {
  const { status, body } = answer;
  const message = readMessage(body);
  if (status !== 200) {
    const said = "message" in message && message.kind === "failure" ? message.message : show(body);
    return [{ kind: "status", message: `status ${status}, wanted 200: ${said}` }];
  }
  if ("message" in message) return [message];
  const breaches: Breach[] = [];
  if (message.kind !== sent.kind)
    breaches.push({
      kind: "kind",
      message: `the answer holds a ${message.kind}, wanted a ${sent.kind} as in the request`,
    });
  const { rows, names } = message;
  if (rows.length !== sent.rows)
    breaches.push({
      kind: "count",
      message: `${rows.length} rows, wanted ${sent.rows}: one for each row of the request`,
    });
  // Without targets there is nothing to hold values against.
  if (targets.length === 0) return breaches;
  breaches.push(...checkNames(targets, names));
  const width = targets.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const odd = rows.findIndex((row) => row.length !== width);
  if (odd !== -1) {
    const text = `row ${odd} has ${rows[odd]!.length} values, wanted ${width} (${describe(targets)})`;
    return [...breaches, { kind: "shape", message: text }];
  }
  return [...breaches, ...checkValues(targets, rows, observe)];
}

function checkNames(targets: readonly ContractField[], names: readonly string[]): Breach[] {
  // Names may be left out, and a target of several values has one name or one for each value.
  if (names.length === 0) return [];
  const wanted = targets.map(({ name }) => name);
  const spread = targets.flatMap(({ shape, name }) => Array.from({ length: sizeOf(shape) }, () => name));
  if (names.length !== wanted.length && names.length !== spread.length)
    return [{ kind: "names", message: `${names.length} names ${show(names)}, wanted ${show(wanted)}` }];
  const missing = wanted.filter((name) => !names.includes(name));
  // A server that gives names of its own to every column (t:0, t:1) says nothing wrong about their number.
  return missing.length === 0 || missing.length === wanted.length
    ? []
    : [{ kind: "names", message: `names ${show(names)} lack ${missing.join(", ")}` }];
}

function checkValues(
  targets: readonly ContractField[],
  rows: readonly (readonly unknown[])[],
  observe: (target: ContractField, value: unknown) => void,
): Breach[] {
  const told = new Map<string, Breach>();
  for (const row of rows) {
    let at = 0;
    for (const target of targets) {
      for (let index = sizeOf(target.shape); index > 0; index--) {
        const value = row[at++];
        observe(target, value);
        const breach = checkValue(target, value);
        if (breach !== undefined && !told.has(`${breach.kind} ${target.name}`))
          told.set(`${breach.kind} ${target.name}`, { ...breach, target: target.name });
      }
    }
  }
  return [...told.values()];
}

function checkValue(target: ContractField, value: unknown): Breach | undefined {
  const {
    name,
    dtype,
    ftype,
    values,
    range: [low, high],
  } = target;
  const wrong = (kind: Breach["kind"], wanted: string): Breach => ({
    kind,
    message: `${name} is ${show(value)}, wanted ${wanted}`,
  });
  if (ftype === "categorical") {
    if (values.includes(value as never)) return undefined;
    // Seldon's own wrappers write numbers of mixed columns as texts.
    const same = values.some((known) => typeof known !== typeof value && String(known) === String(value));
    return same ? wrong("type", `a ${typeof values[0]}`) : wrong("category", `one of ${show(values)}`);
  }
  if (typeof value !== "number" || !Number.isFinite(value)) return wrong("type", "a finite number");
  if (dtype === "INT" && !Number.isInteger(value)) return wrong("type", "a whole number (INT)");
  if ((low !== "inf" && value < low) || (high !== "inf" && value > high))
    return wrong(
      "range",
      `${low === "inf" ? "at most" : `${low}`}${low !== "inf" && high !== "inf" ? " to " : low === "inf" ? " " : " or more"}${high === "inf" ? "" : high}`,
    );
  return undefined;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function describe(targets: readonly ContractField[]): string {
  const shown = targets.slice(0, 6).map(({ name, shape }) => (sizeOf(shape) === 1 ? name : `${name}${show(shape)}`));
  return `${shown.join(", ")}${targets.length > 6 ? ", …" : ""}`;
}
