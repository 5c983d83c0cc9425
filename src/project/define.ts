import type { ProjectDefinition } from "./types.ts";

/**
 * Declares a project: the default export of `slipway.config.ts`. It gives back what it got, so that the server, which loads
 * the project file too, carries no validation; `loadProject` validates.
 */
export function defineProject<const P extends ProjectDefinition>(definition: P): P {
  return definition;
}
