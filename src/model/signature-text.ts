/** @file Signatures as JSON: how they travel in a model's metadata. */

import * as z from "zod";
import { signatureMalformed } from "./errors.ts";
import type { Signature } from "./signature.ts";

const size = z.int().min(-1);
const label = z.string();

const content = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("image"),
    height: z.int().positive(),
    width: z.int().positive(),
    channels: z.union([z.literal(1), z.literal(3)]),
  }),
  z.strictObject({ kind: z.literal("probabilities"), labels: z.array(label).min(1) }),
  z.strictObject({ kind: z.literal("text"), lowercase: z.boolean().optional() }),
  z.strictObject({ kind: z.literal("features"), names: z.array(label).min(1) }),
  z.strictObject({ kind: z.literal("boxes"), labels: z.array(label).min(1) }),
]);

const tensor = z
  .strictObject({
    name: z.string().min(1),
    datatype: z.enum([
      "BOOL",
      "UINT8",
      "UINT16",
      "UINT32",
      "UINT64",
      "INT8",
      "INT16",
      "INT32",
      "INT64",
      "FP16",
      "FP32",
      "FP64",
      "BYTES",
    ]),
    shape: z.array(size).min(1),
    content: content.optional(),
  })
  .refine(fits, { error: "its content does not agree with its shape" });

const signature = z.strictObject({ inputs: z.array(tensor).min(1), outputs: z.array(tensor).min(1) });

/** Refuses text that is no signature, with every fault and its place. */
export function parseSignature(text: string): Signature {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw signatureMalformed({ faults: ["it is not JSON"] }, { cause: error });
  }
  const parsed = signature.safeParse(value);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "signature"}: ${message}`);
    throw signatureMalformed({ faults });
  }
  return parsed.data as Signature;
}

/**
 * An image is [rows, height, width, channels], probabilities are [rows, labels], features [rows, names], boxes [rows, boxes, 6], text is
 * BYTES of [rows] or [rows, 1].
 */
function fits({
  datatype,
  shape,
  content: meaning,
}: {
  datatype: string;
  shape: number[];
  content?: z.infer<typeof content> | undefined;
}): boolean {
  if (meaning === undefined) return true;
  const inner = shape.slice(1);
  if (meaning.kind === "text") return datatype === "BYTES" && (inner.length === 0 || isOf(inner, [1]));
  return isOf(inner, innerShapeOf(meaning));
}

function isOf(inner: readonly number[], wanted: readonly number[]): boolean {
  return (
    inner.length === wanted.length &&
    inner.every((given, axis) => given === -1 || wanted[axis] === -1 || given === wanted[axis])
  );
}

function innerShapeOf(meaning: Exclude<z.infer<typeof content>, { kind: "text" }>): number[] {
  if (meaning.kind === "image") return [meaning.height, meaning.width, meaning.channels];
  if (meaning.kind === "boxes") return [-1, 6];
  return [meaning.kind === "features" ? meaning.names.length : meaning.labels.length];
}
