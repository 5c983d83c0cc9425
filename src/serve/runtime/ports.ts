import type { Artifact } from "../../artifact/types.ts";
import type { ElementType } from "../../onnx/types.ts";
import type { Datatype, TensorSignature } from "../../model/signature.ts";
import { signatureUnsupported } from "../errors.ts";

/** Element types that pixels can be handed over in, and probabilities read from. */
const elements = {
  UINT8: { type: "uint8", array: Uint8Array },
  UINT16: { type: "uint16", array: Uint16Array },
  UINT32: { type: "uint32", array: Uint32Array },
  INT16: { type: "int16", array: Int16Array },
  INT32: { type: "int32", array: Int32Array },
  FP32: { type: "float32", array: Float32Array },
  FP64: { type: "float64", array: Float64Array },
} as const satisfies Partial<Record<Datatype, { type: ElementType; array: unknown }>>;

export type NumberArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** One tensor as the thread that runs the model needs it: plain data, sent along when the thread starts. */
export interface RowPort {
  name: string;
  datatype: keyof typeof elements;
  /** Without the batch axis. */
  shape: readonly number[];
}

/** What a classifier of images takes and gives, row by row. */
export interface ImageClassifier {
  input: RowPort;
  output: RowPort;
  image: { height: number; width: number; channels: 1 | 3 };
  labels: readonly string[];
  /** Rows of every run, where the model's batch axis is fixed. */
  fixedRows: number | undefined;
}

const wanted = "one image and one tensor of probabilities";

/** Reads the signature for the project's routes. Throws `signatureUnsupported`. */
export function toImageClassifier(artifact: Pick<Artifact, "name" | "signature">): ImageClassifier {
  const { inputs, outputs } = artifact.signature;
  const [input] = inputs;
  const output = outputs.find(({ content }) => content?.kind === "probabilities");
  const refused = (seen: string): Error => signatureUnsupported({ model: artifact.name, seen, wanted });
  if (input === undefined || inputs.length !== 1) throw refused(`${inputs.length} inputs`);
  if (input.content?.kind !== "image") throw refused(`an input ${input.name} that is no image`);
  if (output?.content?.kind !== "probabilities") throw refused("no output of probabilities");
  const { height, width, channels } = input.content;
  const { labels } = output.content;
  const rowSize = input.shape.slice(1).reduce((all, size) => all * size, 1);
  if (rowSize !== height * width * channels)
    throw refused(`an input [${input.shape.join(", ")}] for images of ${height}×${width}×${channels}`);
  // Exporters may leave the number of classes open; the labels then say it.
  if (output.shape.length !== 2 || (output.shape[1] !== labels.length && output.shape[1] !== -1))
    throw refused(`an output [${output.shape.join(", ")}] for ${labels.length} labels`);
  const batch = input.shape[0] ?? -1;
  return {
    input: toRowPort(input, refused),
    output: { ...toRowPort(output, refused), shape: [labels.length] },
    image: { height, width, channels },
    labels,
    fixedRows: batch > 0 ? batch : undefined,
  };
}

export function elementTypeOf(port: RowPort): ElementType {
  return elements[port.datatype].type;
}

export function bytesPerRow(port: RowPort): number {
  return sizeOf(port) * elements[port.datatype].array.BYTES_PER_ELEMENT;
}

/** The numbers of the first `rows` rows that lie in `memory`. */
export function viewRows(port: RowPort, memory: SharedArrayBuffer, rows: number): NumberArray {
  const View: new (memory: SharedArrayBuffer, from: number, length: number) => NumberArray =
    elements[port.datatype].array;
  return new View(memory, 0, rows * sizeOf(port));
}

export function sizeOf(port: RowPort): number {
  return port.shape.reduce((all, size) => all * size, 1);
}

function toRowPort(tensor: TensorSignature, refused: (seen: string) => Error): RowPort {
  const { name, datatype, shape } = tensor;
  if (!(datatype in elements)) throw refused(`${name} in ${datatype}`);
  return { name, datatype: datatype as keyof typeof elements, shape: shape.slice(1) };
}
