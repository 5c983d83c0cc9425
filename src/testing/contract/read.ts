import { readFile } from "node:fs/promises";
import * as z from "zod";
import { contractInvalid } from "../errors.ts";
import type { Contract, ContractField } from "./types.ts";

/** Reads a contract file as Seldon's testers do, and tells all its faults at once (`contractInvalid`). */
export async function readContract(path: string): Promise<Contract> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw contractInvalid({ path, faults: [`cannot be read: ${(error as Error).message}`] }, { cause: error });
  }
  return parseContract(text, path);
}

/** `path` is for the message. */
export function parseContract(text: string, path = "contract"): Contract {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw contractInvalid({ path, faults: [`is not JSON: ${(error as Error).message}`] }, { cause: error });
  }
  const { data, error } = schema.safeParse(value);
  if (error !== undefined) throw contractInvalid({ path, faults: error.issues.map(describe) });
  const contract = {
    features: data.features.flatMap((field) => unfold(field, (index) => `${field.name}${index + 1}`)),
    targets: data.targets.flatMap((field) => unfold(field, (index) => `${field.name}:${index}`)),
  };
  const faults = [...findFaults("features", contract.features), ...findFaults("targets", contract.targets)];
  if (faults.length > 0) throw contractInvalid({ path, faults });
  return contract;
}

const bound = z.union([z.number(), z.literal("inf")], { error: `wanted a number or "inf"` });

const fieldSchema = z.object({
  name: z.string({ error: "wanted a name" }).min(1, { error: "wanted a name" }),
  dtype: z.enum(["FLOAT", "INT", "STRING"], { error: `wanted "FLOAT", "INT" or "STRING"` }).default("FLOAT"),
  ftype: z.enum(["continuous", "categorical"], { error: `wanted "continuous" or "categorical"` }),
  range: z.tuple([bound, bound], { error: `wanted [low, high], each a number or "inf"` }).optional(),
  values: z
    .array(z.union([z.number(), z.string()]), { error: "wanted a list of numbers or texts" })
    .min(1, { error: "wanted at least one value" })
    .optional(),
  shape: z.array(z.int().min(1).max(1_000_000), { error: "wanted a list of sizes" }).min(1).optional(),
  repeat: z.int({ error: "wanted a whole number" }).min(1).max(100_000).optional(),
});

const schema = z.object({
  features: z
    .array(fieldSchema, { error: "wanted a list of features" })
    .min(1, { error: "wanted at least one feature" }),
  // A contract without targets says what may be sent alone.
  targets: z.array(fieldSchema).default([]),
});

type RawField = z.infer<typeof fieldSchema>;

function unfold(field: RawField, nameOf: (index: number) => string): ContractField[] {
  const { repeat, range = ["inf", "inf"], values = [], shape = [1], name, dtype, ftype } = field;
  const one: ContractField = { name, dtype, ftype, range, values, shape };
  if (repeat === undefined) return [one];
  return Array.from({ length: repeat }, (_, index) => ({ ...one, name: nameOf(index) }));
}

/** What a schema of single fields cannot see. */
function findFaults(list: string, fields: readonly ContractField[]): string[] {
  const names = new Set<string>();
  return fields.flatMap(({ name, ftype, dtype, values, range: [low, high] }) => {
    const faults: string[] = [];
    const say = (text: string) => faults.push(`${list}: ${name} ${text}`);
    if (names.has(name)) say("is there twice");
    names.add(name);
    if (ftype === "categorical" && values.length === 0) say("is categorical and has no values");
    if (ftype === "continuous" && dtype === "STRING") say("is continuous and of dtype STRING; a text is categorical");
    if (low !== "inf" && high !== "inf" && low > high) say(`has the range [${low}, ${high}], wanted low ≤ high`);
    return faults;
  });
}

function describe({ path, message }: z.core.$ZodIssue): string {
  const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return `${place.replace(/^\./, "") || "the file"}: ${message}`;
}
