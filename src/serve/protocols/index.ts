import type { ErrorShape, Protocol } from "../service.ts";
import { playground } from "./playground.ts";
import { routes } from "./routes.ts";
import { seldon } from "./seldon/index.ts";
import { v1 } from "./v1.ts";
import { v2 } from "./v2.ts";

/** Every way to ask the model. A new protocol is a file beside this one and a line here. */
export const protocols: readonly Protocol[] = [routes, playground, v1, v2, seldon];

/** How errors look at a path, whether it is known or not: as its protocol wants them, else problem+json. */
export function shapeFor(url: string): ErrorShape | undefined {
  const path = url.split("?", 1)[0]!;
  return protocols.find(({ errors }) => errors?.owns(path))?.errors?.shape;
}
