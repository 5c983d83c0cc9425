/** @file Dropout by bytes drawn outside: a value stays where its byte is at least rate·256, and is scaled up by 1/(1-rate). */

import { addNode, constant, int, scalar } from "../build.ts";
import { inputOf, type Op, sameSize } from "./op.ts";

/** Inputs: x, and uniform random uint8 of the same shape. Drawing them in JavaScript is ten times as fast as RandomUniformLike. */
export const dropout: Op<{ rate: number }> = {
  name: "dropout",
  infer(inputs) {
    const x = inputOf("dropout", inputs, 0);
    sameSize("dropout", "the shape of the random bytes", inputOf("dropout", inputs, 1).shape.join(), x.shape.join());
    return [x];
  },
  emit(graph, inputs, settings) {
    dropout.infer(inputs, settings);
    const x = inputOf("dropout", inputs, 0);
    const bytes = inputOf("dropout", inputs, 1);
    const threshold = constant(graph, "uint8", [], Uint8Array.of(Math.round(settings.rate * 256)));
    const kept = addNode(graph, "GreaterOrEqual", [bytes, threshold], { type: "bool", shape: x.shape });
    const ones = addNode(graph, "Cast", [kept], x, { attributes: { to: int(1) } });
    const mask = addNode(graph, "Mul", [ones, scalar(graph, 1 / (1 - settings.rate))], x);
    return { outputs: [addNode(graph, "Mul", [x, mask], x)], saved: [mask] };
  },
  gradient: (graph, { inputs, saved, gradient }) => [
    addNode(graph, "Mul", [gradient, inputOf("dropout", saved, 0)], inputOf("dropout", inputs, 0)),
    undefined,
  ],
};
