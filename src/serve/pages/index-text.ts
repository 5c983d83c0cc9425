import type { Artifact } from "../../artifact/types.ts";
import type { Operation } from "../service.ts";

/** What `GET /index` answers: the service in a few lines for people with a terminal. `origin` is how the caller reached it. */
export function writeIndex(artifact: Artifact, operations: readonly Operation[], origin: string): string {
  const { name, digest, lineage } = artifact;
  const metrics = Object.entries(lineage.metrics).map(([metric, value]) => `${metric} ${Number(value.toPrecision(4))}`);
  const widest = Math.max(...operations.map(({ method, path }) => method.length + path.length + 1));
  const example = operations.find(({ field }) => field !== undefined);
  return [
    `${name}: a model served by Slipway`,
    `model    ${digest}`,
    `dataset  ${lineage.dataset.digest}`,
    ...(metrics.length > 0 ? [`metrics  ${metrics.join(", ")}`] : []),
    "",
    ...operations.map(({ method, path, summary }) => `  ${`${method} ${path}`.padEnd(widest)}  ${summary}`),
    ...(example === undefined ? [] : ["", `try: curl -F ${example.field}=@image.jpg ${origin}${example.path}`]),
    "",
  ].join("\n");
}
