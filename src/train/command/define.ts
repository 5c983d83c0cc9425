/** @file `command({...})` as users write it: a program of their own that writes the model. */
import { type Check, findFaults, share, whole, withoutUndefined } from "../arguments.ts";
import { trainerInvalid } from "../errors.ts";
import type { CommandTrainer } from "../types.ts";

export interface CommandOptions {
  /** Program and arguments: `["python3", "train.py"]`. It runs in the project's folder, without a shell. */
  command: readonly string[];
  /** Given to the program as JSON in SLIPWAY_PARAMETERS, and kept in the lineage. Default `{}`. */
  parameters?: Readonly<Record<string, unknown>>;
  /** Given in SLIPWAY_SEED; the split is drawn from it too. Default 1. */
  seed?: number;
  /** Share of each label kept for validation. Default 0.2. */
  validation?: number;
}

/** Brings your own trainer: any program that writes `model.onnx`, and `metrics.json` if it likes, to the folder in SLIPWAY_OUTPUT. */
export function command(options: CommandOptions): CommandTrainer {
  const faults = findFaults(options, checks).map(
    ({ argument, seen, wanted }) => `${argument} is ${seen}, wanted ${wanted}`,
  );
  if (typeof options === "object" && options !== null && options.command === undefined) {
    faults.push('command is missing, wanted a program and its arguments such as ["python3", "train.py"]');
  }
  if (faults.length > 0) throw trainerInvalid({ maker: "command", faults });
  return { kind: "command", parameters: {}, seed: 1, validation: 0.2, ...withoutUndefined(options) };
}

const checks: { readonly [K in keyof Required<CommandOptions>]: Check } = {
  command: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === "string" && word !== "")
      ? undefined
      : 'a list of words such as ["python3", "train.py"]',
  parameters: (value) => {
    const wanted = "an object of JSON values";
    if (typeof value !== "object" || value === null || Array.isArray(value)) return wanted;
    return isJson(value) ? undefined : wanted;
  },
  seed: whole(0, 0xffffffff),
  validation: share,
};

/** Survives JSON as it is: no functions, dates, NaN or circles, which JSON.stringify would drop or change in silence. */
function isJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth > 100) return false;
  if (Array.isArray(value)) return value.every((each) => isJson(each, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    (prototype === Object.prototype || prototype === null) &&
    Object.values(value).every((each) => isJson(each, depth + 1))
  );
}
