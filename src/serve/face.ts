/** @file What a model's tensors mean to a person, from its signature: that decides which routes and pages it can answer. */
import type { Artifact } from "../artifact/types.ts";
import type { ProjectDefinition, Route } from "../project/types.ts";
import { signatureUnsupported } from "./errors.ts";

export type InputFace =
  | { kind: "image"; height: number; width: number; channels: 1 | 3 }
  | { kind: "text" }
  | { kind: "features"; names: readonly string[] }
  /** Plain numbers, or several inputs. */
  | { kind: "tensors" };

export type OutputFace =
  /** `index` is the place among the outputs. */
  | { kind: "probabilities"; index: number; labels: readonly string[] }
  | { kind: "boxes"; index: number; labels: readonly string[] }
  | { kind: "tensors" };

export interface Face {
  input: InputFace;
  output: OutputFace;
}

/** Throws `signatureUnsupported` where the signature says what cannot be. */
export function toFace({ name, signature }: Pick<Artifact, "name" | "signature">): Face {
  const refused = (seen: string, wanted: string): Error => signatureUnsupported({ model: name, seen, wanted });
  const [input] = signature.inputs;
  if (input === undefined) throw refused("no inputs", "at least one");
  for (const { name: tensor, shape, content } of signature.outputs)
    if (content?.kind === "probabilities" && (shape.length !== 2 || !fits(shape[1], content.labels.length)))
      throw refused(
        `an output ${tensor} [${shape.join(", ")}]`,
        `one probability for each of ${content.labels.length} labels`,
      );
  return {
    input: signature.inputs.length === 1 ? readInput(input, refused) : { kind: "tensors" },
    output: readOutput(signature),
  };
}

type Tensors = Artifact["signature"]["inputs"];

function readInput(
  { name, datatype, shape, content }: Tensors[number],
  refused: (seen: string, wanted: string) => Error,
): InputFace {
  const size = shape.slice(1).reduce((all, one) => all * one, 1);
  if (content?.kind === "image") {
    const { height, width, channels } = content;
    const wanted = `an input of ${height}×${width}×${channels} numbers`;
    if (size !== height * width * channels) throw refused(`an input [${shape.join(", ")}]`, wanted);
    if (!["UINT8", "UINT16", "UINT32", "INT16", "INT32", "FP32", "FP64"].includes(datatype))
      throw refused(`${name} in ${datatype}`, "pixels in a type that holds 0 to 255");
    return { kind: "image", height, width, channels };
  }
  if (content?.kind === "features") {
    if (shape.length !== 2 || !fits(shape[1], content.names.length))
      throw refused(`an input [${shape.join(", ")}]`, `${content.names.length} columns`);
    return { kind: "features", names: content.names };
  }
  // Texts are the only thing that strings of one a row can be.
  if (datatype === "BYTES" && (shape.length === 1 || (shape.length === 2 && shape[1] === 1))) return { kind: "text" };
  return { kind: "tensors" };
}

function readOutput({ outputs }: Artifact["signature"]): OutputFace {
  for (const [index, { content }] of outputs.entries())
    if (content?.kind === "probabilities" || content?.kind === "boxes")
      return { kind: content.kind, index, labels: content.labels };
  return { kind: "tensors" };
}

function fits(size: number | undefined, wanted: number): boolean {
  return size === -1 || size === wanted;
}

/** What a route wants of the model: undefined where it has code of its own. */
export function wantedInput(route: Route): "image" | "text" | "features" | undefined {
  if (route.handle !== undefined) return undefined;
  if (isColumns(route.input)) return "features";
  const [field] = Object.values(route.input);
  return field?.kind;
}

/** Throws `signatureUnsupported` where a route of the project cannot be answered by such a model. */
export function checkRoutes(project: Pick<ProjectDefinition, "serve">, model: string, { input }: Face): void {
  for (const [key, route] of Object.entries(project.serve?.routes ?? {})) {
    const wanted = wantedInput(route);
    if (wanted === undefined || wanted === input.kind) continue;
    throw signatureUnsupported({ model, seen: describe[input.kind], wanted: `${describe[wanted]} for ${key}` });
  }
}

function isColumns(input: object): boolean {
  return (input as { kind?: unknown }).kind === "columns";
}

const describe = {
  image: "an image as its input",
  text: "a text as its input",
  features: "named columns as its input",
  tensors: "plain tensors as its input",
};
