/** @file A program run inside a container that runs, as `kubectl exec` does. */
import type { Cluster } from "../../src/deploy/cluster/types.ts";

export interface ExecOptions {
  namespace: string;
  pod: string;
  /** Default: the pod's only one, or its first. */
  container?: string;
  command: readonly string[];
  /** Given to the program, which then sees the end of its input. */
  input?: Uint8Array;
  signal?: AbortSignal;
}

export interface ExecResult {
  exitCode: number;
  stdout: Buffer;
  stderr: Buffer;
}

/** Streams of the protocol `v5.channel.k8s.io`; v4 differs in that it cannot say that the input ends. */
const streams = { input: 0, output: 1, errors: 2, status: 3 } as const;

/** Returns when the program has ended, whatever its exit code. Throws where it could not be run. */
export async function execInPod(cluster: Cluster, options: ExecOptions): Promise<ExecResult> {
  const { namespace, pod, container, command, input, signal } = options;
  signal?.throwIfAborted();
  const query = new URLSearchParams({
    stdout: "true",
    stderr: "true",
    stdin: String(input !== undefined),
    tty: "false",
  });
  if (container !== undefined) query.set("container", container);
  for (const word of command) query.append("command", word);
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query.toString()}`;
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let status: ExecStatus | undefined;
  const closed = Promise.withResolvers<void>();
  const ref = { apiVersion: "v1", kind: "Pod", name: pod, namespace };
  const channel = await cluster.openChannel(path, ref, {
    onMessage(stream, bytes) {
      if (stream === streams.output) out.push(bytes);
      else if (stream === streams.errors) err.push(bytes);
      else if (stream === streams.status) {
        status = JSON.parse(bytes.toString()) as ExecStatus;
        channel.close();
      }
    },
    onClose: () => closed.resolve(),
  });
  const stop = (): void => channel.close();
  signal?.addEventListener("abort", stop, { once: true });
  if (input !== undefined) {
    if (input.byteLength > 0) channel.send(streams.input, input);
    channel.end(streams.input);
  }
  await closed.promise;
  signal?.removeEventListener("abort", stop);
  signal?.throwIfAborted();
  return { exitCode: readExitCode(status, options), stdout: Buffer.concat(out), stderr: Buffer.concat(err) };
}

interface ExecStatus {
  status: "Success" | "Failure";
  reason?: string;
  message?: string;
  details?: { causes?: { reason: string; message: string }[] };
}

function readExitCode(status: ExecStatus | undefined, { pod, command }: ExecOptions): number {
  if (status?.status === "Success") return 0;
  const code = status?.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  if (code !== undefined) return Number(code);
  const reason = status?.message ?? "the connection broke off before it had ended";
  throw new Error(`\`${command.join(" ")}\` could not be run in pod ${pod}: ${reason}`);
}
