import type { Protocol } from "../service.ts";
import { playground } from "./playground.ts";
import { routes } from "./routes.ts";

/** Every way to ask the model. A new protocol is a file beside this one and a line here. */
export const protocols: readonly Protocol[] = [routes, playground];
