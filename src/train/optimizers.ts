/** @file Optimizers as users write them: plain data. Formulas and defaults are PyTorch's; what they do to numbers is in sequential/. */
import { boolean, notNegative, positive, readOptions, share } from "./arguments.ts";
import type { Optimizer } from "./types.ts";

type Of<K extends Optimizer["kind"]> = Extract<Optimizer, { kind: K }>;
type Options<K extends Optimizer["kind"]> = Partial<Omit<Of<K>, "kind">>;

/** Stochastic gradient descent, with momentum if asked. Default `{ rate: 0.01, momentum: 0, nesterov: false, weightDecay: 0 }`. */
export function sgd(options: Options<"sgd"> = {}): Of<"sgd"> {
  const read = readOptions<Omit<Of<"sgd">, "kind">>(
    "sgd",
    options,
    { rate: 0.01, momentum: 0, nesterov: false, weightDecay: 0 },
    { rate: positive, momentum: share, nesterov: boolean, weightDecay: notNegative },
  );
  return { kind: "sgd", ...read };
}

/** Adadelta (Zeiler, 2012): sets its own pace for each parameter. Default `{ rate: 1, decay: 0.9, epsilon: 1e-6, weightDecay: 0 }`. */
export function adadelta(options: Options<"adadelta"> = {}): Of<"adadelta"> {
  const read = readOptions<Omit<Of<"adadelta">, "kind">>(
    "adadelta",
    options,
    { rate: 1, decay: 0.9, epsilon: 1e-6, weightDecay: 0 },
    { rate: positive, decay: share, epsilon: positive, weightDecay: notNegative },
  );
  return { kind: "adadelta", ...read };
}

/** Adam (Kingma and Ba, 2015). Default `{ rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }`. */
export function adam(options: Options<"adam"> = {}): Of<"adam"> {
  return { kind: "adam", ...readAdam("adam", options, 0) };
}

/** Adam with weight decay decoupled from the gradient (Loshchilov and Hutter, 2019). Default as Adam's, with `weightDecay: 0.01`. */
export function adamW(options: Options<"adamW"> = {}): Of<"adamW"> {
  return { kind: "adamW", ...readAdam("adamW", options, 0.01) };
}

function readAdam(maker: string, options: Options<"adam">, weightDecay: number): Omit<Of<"adam">, "kind"> {
  return readOptions<Omit<Of<"adam">, "kind">>(
    maker,
    options,
    { rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay },
    { rate: positive, beta1: share, beta2: share, epsilon: positive, weightDecay: notNegative },
  );
}
