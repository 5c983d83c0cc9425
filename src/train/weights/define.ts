/** @file `weights({...})` as users write it: a model from a file of weights that were trained elsewhere. */
import { type Check, type Fault, findFaults, oneOf, whole, withoutUndefined } from "../arguments.ts";
import { trainerInvalid } from "../errors.ts";
import type { Ssd300Network, WeightsNetwork, WeightsTrainer } from "./types.ts";

export interface WeightsOptions {
  /** PyTorch's `.pth` or `.pt`, relative to the project's folder. Either this or `url`. */
  file?: string;
  /** http(s) address of the file: downloaded once, kept in `.slipway/cache`. */
  url?: string;
  /** Digest of the file, 64 hex digits, with or without `sha256:` before them. Without it, the lock holds the first one seen. */
  sha256?: string;
  /** Bytes. */
  size?: number;
  /** The network that the weights are of: `ssd300()`. */
  network: WeightsNetwork;
  /** Where the weights are within a checkpoint, dotted: `"state_dict"`. Default: found, where there is one place only. */
  key?: string;
  /** Taken off every name. Default: `module.` (of DataParallel), where every name has it. */
  prefix?: string;
  /** What is known of how the weights came about, for the lineage. Default `{}`. */
  parameters?: Readonly<Record<string, unknown>>;
}

/** Serves weights that were trained elsewhere. Nothing in the file is executed; what is no plain tensor is refused. Throws `trainerInvalid`. */
export function weights(options: WeightsOptions): WeightsTrainer {
  const faults = findFaults(options, checks).map(write);
  const { file, url, sha256, size, network, key = "", prefix, parameters = {} } = options ?? {};
  if ((file === undefined) === (url === undefined))
    faults.push(`file and url are ${file === undefined ? "missing" : "both there"}, wanted one of them`);
  if (faults.length === 0 && network === undefined)
    faults.push("network is missing, wanted a network such as ssd300()");
  if (faults.length > 0) throw trainerInvalid({ maker: "weights", faults });
  const digest = sha256 === undefined ? undefined : (`sha256:${sha256.replace(/^sha256:/, "").toLowerCase()}` as const);
  const source = { kind: "file", role: "weights", path: file ?? url ?? "", size, digest } as const;
  return { kind: "weights", source, network, key, prefix, parameters, seed: 0, validation: 0 };
}

export interface Ssd300Options {
  /**
   * Names of the classes in the order of the weights, with or without `background` first; names that are missing at the end are filled up.
   * Default: Pascal VOC's twenty for weights of 21 classes, COCO's eighty for 81 and 201, numbers for others.
   */
  labels?: readonly string[];
  /** Classes with the background, to be held against the weights. Default: as many as the weights have. */
  classes?: number;
  /** Which set of boxes the weights were trained on. Default: COCO's for 81 and 201 classes, VOC's for others. */
  priors?: "voc" | "coco";
}

/** SSD with images of 300×300 on VGG16 (Liu and others, 2016), by the names of its first PyTorch port: `vgg.0.weight` … `conf.5.bias`. */
export function ssd300(options: Ssd300Options = {}): Ssd300Network {
  const faults = findFaults(options, ssdChecks).map(write);
  if (faults.length > 0) throw trainerInvalid({ maker: "ssd300", faults });
  return { kind: "ssd300", labels: [], classes: 0, priors: "auto", ...withoutUndefined(options) };
}

const text: Check = (value) => (typeof value === "string" && value !== "" ? undefined : "a text that is not empty");

const checks: { readonly [K in keyof Required<WeightsOptions>]: Check } = {
  file: (value) =>
    typeof value === "string" && value !== "" && !/^\w+:\/\//.test(value)
      ? undefined
      : "a path, or `url` for an address",
  url: (value) => (typeof value === "string" && isAddress(value) ? undefined : "an http or https address"),
  sha256: (value) =>
    typeof value === "string" && /^(?:sha256:)?[0-9a-f]{64}$/i.test(value) ? undefined : "64 hex digits",
  size: whole(1, Number.MAX_SAFE_INTEGER),
  network: (value) =>
    typeof value === "object" && value !== null && "kind" in value && value.kind === "ssd300"
      ? undefined
      : "a network such as ssd300()",
  key: text,
  prefix: (value) => (typeof value === "string" ? undefined : "a text"),
  parameters: (value) => (isPlainJson(value) ? undefined : "an object of JSON values"),
};

const ssdChecks: { readonly [K in keyof Required<Ssd300Options>]: Check } = {
  labels: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((label) => text(label) === undefined)
      ? undefined
      : "a list of names",
  classes: whole(2, 10_000),
  priors: oneOf("voc", "coco"),
};

function write({ argument, seen, wanted }: Fault): string {
  return `${argument} is ${seen}, wanted ${wanted}`;
}

function isAddress(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

/** Survives JSON as it is. */
function isPlainJson(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  try {
    return isSame(JSON.parse(JSON.stringify(value)), value);
  } catch {
    // Circles and bigints, which JSON has no form for.
    return false;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return Object.is(a, b);
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    left.length === right.length &&
    left.every(([key, value]) => isSame(value, (b as Record<string, unknown>)[key]))
  );
}
