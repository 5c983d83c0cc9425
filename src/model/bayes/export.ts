/** @file A linear model over words as one ONNX graph: strings in, probabilities out. docs/adr/0040-text-models.md has the why. */
import {
  addInitializer,
  addInput,
  addNode,
  addOutput,
  createGraph,
  indices,
  int,
  ints,
  text,
  texts,
} from "../../graph/build.ts";
import { describeProbabilities, type Served, writeServed } from "../served.ts";
import type { Signature } from "../signature.ts";
import type { LinearTextModel } from "./bayes.ts";
import { listSpellings } from "./case-variants.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface TextExportOptions {
  model: LinearTextModel;
  tokenizer: Tokenizer;
  labels: readonly string[];
  /** Give logarithms of probabilities, in 64 bits, as `log_probabilities`. Default: `probabilities`. */
  logarithms?: boolean;
}

/**
 * Takes `text`, strings of [batch], and gives `probabilities`, float32 [batch, labels]. Sums are made in 64 bits: over a megabyte of text
 * 32 would lose the differences between the classes. A text without a known word gets the biases alone.
 */
export function exportTextModel(options: TextExportOptions): Served {
  const { model, tokenizer, labels, logarithms = false } = options;
  const { classes, vocabulary, weights, bias } = model;
  const graph = createGraph("text");
  const input = addInput(graph, "text", "string", ["batch"]);
  // The locale C is on every machine, and lowers ASCII alone.
  const lowered = tokenizer.lowercase
    ? addNode(graph, "StringNormalizer", [input], input, {
        attributes: { case_change_action: text("LOWER"), is_case_sensitive: int(1), locale: text("C") },
      })
    : input;
  const tokens = addNode(
    graph,
    "Tokenizer",
    [lowered],
    { type: "string", shape: ["batch", "words"] },
    {
      domain: "com.microsoft",
      attributes: {
        mark: int(0),
        mincharnum: int(1),
        pad_value: text(padding),
        tokenexp: text(toExpression(tokenizer)),
      },
    },
  );
  const { keys, values } = listKeys(vocabulary, tokenizer.lowercase);
  const unknown = vocabulary.length;
  const places = addNode(
    graph,
    "LabelEncoder",
    [tokens],
    { type: "int64", shape: ["batch", "words"] },
    {
      domain: "ai.onnx.ml",
      attributes: { keys_strings: texts(keys), values_int64s: ints(values), default_int64: int(unknown) },
    },
  );
  // One row more, of zeros: unknown words and padding say nothing.
  const table = new Float64Array((unknown + 1) * classes);
  table.set(weights);
  const weight = addInitializer(graph, "weights", "float64", [unknown + 1, classes], table);
  const rows = addNode(
    graph,
    "Gather",
    [weight, places],
    { type: "float64", shape: ["batch", "words", classes] },
    {
      attributes: { axis: int(0) },
    },
  );
  const scores = { type: "float64", shape: ["batch", classes] } as const;
  const sums = addNode(graph, "ReduceSum", [rows, indices(graph, [1])], scores, { attributes: { keepdims: int(0) } });
  const biased = addNode(graph, "Add", [sums, addInitializer(graph, "bias", "float64", [classes], bias)], scores);
  const axis = { attributes: { axis: int(1) } };
  if (logarithms) addOutput(graph, "log_probabilities", addNode(graph, "LogSoftmax", [biased], scores, axis));
  else {
    const wide = addNode(graph, "Softmax", [biased], scores, axis);
    const narrow = { type: "float32", shape: scores.shape } as const;
    addOutput(graph, "probabilities", addNode(graph, "Cast", [wide], narrow, { attributes: { to: int(1) } }));
  }
  const signature: Signature = {
    inputs: [
      {
        name: "text",
        datatype: "BYTES",
        shape: [-1],
        content: { kind: "text", ...(tokenizer.lowercase && { lowercase: true }) },
      },
    ],
    outputs: [
      logarithms
        ? { name: "log_probabilities", datatype: "FP64", shape: [-1, labels.length] }
        : describeProbabilities(labels),
    ],
  };
  return writeServed(graph, signature);
}

/** Fills up the rows of shorter texts; no word, so it is unknown. */
const padding = "\u0001";

/** RE2's expression of one word; its `\w` is ASCII's. The longest match is taken. */
function toExpression({ minLength }: Tokenizer): string {
  return String.raw`[\pL\pN_]{${minLength},}`;
}

function listKeys(vocabulary: readonly string[], lowercase: boolean): { keys: string[]; values: number[] } {
  const places = new Map<string, number>(vocabulary.map((word, index) => [word, index]));
  if (lowercase) {
    for (const [index, word] of vocabulary.entries()) {
      for (const spelling of listSpellings(word)) if (!places.has(spelling)) places.set(spelling, index);
    }
  }
  return { keys: [...places.keys()], values: [...places.values()] };
}
