import type { Artifact } from "../../artifact/types.ts";
import type { Operation } from "../service.ts";

/** What `GET /index` answers: the service in a few lines for people with a terminal. `origin` is how the caller reached it. */
export function writeIndex(
  name: string,
  artifact: Artifact | undefined,
  operations: readonly Operation[],
  origin: string,
): string {
  const metrics = Object.entries(artifact?.lineage.metrics ?? {}).map(
    ([metric, value]) => `${metric} ${Number(value.toPrecision(4))}`,
  );
  const own = operations.filter(({ group }) => group === undefined);
  const groups = [...new Set(operations.map(({ group }) => group).filter((group) => group !== undefined))];
  const widest = Math.max(...own.map(({ method, path }) => method.length + path.length + 1));
  return [
    `${name}: ${artifact === undefined ? "" : "a model "}served by Slipway`,
    ...(artifact === undefined ? [] : [`model    ${artifact.digest}`, `dataset  ${artifact.lineage.dataset.digest}`]),
    ...(metrics.length > 0 ? [`metrics  ${metrics.join(", ")}`] : []),
    "",
    ...own.map(({ method, path, summary }) => `  ${`${method} ${path}`.padEnd(widest)}  ${summary}`),
    ...(groups.length > 0 ? ["", `also: ${groups.join(", ")}; GET /docs has their paths`] : []),
    ...writeExample(operations, origin),
    "",
  ].join("\n");
}

/** A line that works as it is, but for the file's name. */
function writeExample(operations: readonly Operation[], origin: string): string[] {
  const example = operations.find(({ field, body }) => field !== undefined || body?.example !== undefined);
  if (example === undefined) return [];
  const { field, body, path } = example;
  if (field !== undefined) return ["", `try: curl -F ${field}=@image.jpg ${origin}${path}`];
  return ["", `try: curl -H 'content-type: application/json' -d '${JSON.stringify(body?.example)}' ${origin}${path}`];
}
