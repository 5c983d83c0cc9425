import type { Repository } from "./repository.ts";
import { discard } from "./transport.ts";

/** Deletes what lies at `target` of the registry's API; false where there was nothing. Throws the registry's refusals. */
export async function sendDelete(
  { registry, name }: Repository,
  operation: string,
  target: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const answer = await registry.send({
    operation,
    method: "DELETE",
    target,
    repository: name,
    actions: ["delete"],
    expect: [202, 200, 204, 404],
    signal,
  });
  await discard(answer);
  return answer.status !== 404;
}
