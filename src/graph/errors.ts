import { defineError } from "../base/errors.ts";

const ownFault = "Give it values of the shapes it wants, or report it if the network is made of plain layers.";

export const graphShape = defineError<{ op: string; fault: string }>("SLIPWAY_GRAPH_SHAPE", {
  message: ({ op, fault }) => `${op}: ${fault}`,
  mend: () => ownFault,
});

export const graphName = defineError<{ name: string }>("SLIPWAY_GRAPH_NAME", {
  message: ({ name }) => `the graph has two values called ${name}`,
  mend: () => "Give each input, parameter and output a name of its own.",
});

export const graphLoad = defineError<{ model: string; reason: string }>("SLIPWAY_GRAPH_LOAD", {
  message: ({ model, reason }) => `onnxruntime cannot load ${model}: ${reason}`,
  mend: () => "Check the file with its exporter: the operators and the opset must be ones that onnxruntime 1.30 knows.",
});

export const graphInput = defineError<{ model: string; input: string; seen: string; wanted: string }>(
  "SLIPWAY_GRAPH_INPUT",
  {
    message: ({ model, input, seen, wanted }) => `input ${input} of ${model} is ${seen}, wanted ${wanted}`,
    mend: ({ input }) => `Send ${input} as the model's signature says.`,
    status: 400,
  },
);

export const graphRun = defineError<{ model: string; reason: string }>("SLIPWAY_GRAPH_RUN", {
  message: ({ model, reason }) => `onnxruntime failed while running ${model}: ${reason}`,
  mend: () => "Check the input's size against the model's; if they agree, the model's file is at fault.",
});

export const graphReleased = defineError<{ model: string }>("SLIPWAY_GRAPH_RELEASED", {
  message: ({ model }) => `${model} was released and cannot run any more`,
  mend: () => "Load it again.",
});
