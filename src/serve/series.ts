import type { RequestSeries } from "../http/metrics.ts";
import type { ServedModel } from "./model.ts";
import type { Service } from "./service.ts";

/** Where requests of a protocol are counted, by the model that answered (or would have); the project where there is none. */
export function seriesFor(
  { metrics, host, project }: Service,
  protocol: string,
): (model: ServedModel | undefined) => RequestSeries {
  const known = new WeakMap<ServedModel, RequestSeries>();
  const without = metrics.requests({ model: project.name, version: "", protocol });
  return (asked) => {
    const model = asked ?? host?.current;
    if (model === undefined) return without;
    let found = known.get(model);
    if (found === undefined) {
      found = metrics.requests({ model: model.artifact.name, version: model.version, protocol });
      known.set(model, found);
    }
    return found;
  };
}
