/** @file A port of this machine that leads to a pod, through the API server's WebSockets: for services that are not exposed. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { noReadyPod } from "../errors.ts";
import type { Reached } from "../target.ts";
import { listObjects } from "./objects.ts";
import { isReady, pick } from "./shapes.ts";
import type { Channel, Cluster } from "./types.ts";

export interface ForwardOptions {
  namespace: string;
  /** Which pods; each connection goes to one that is ready. */
  labels: Readonly<Record<string, string>>;
  /** The pods' port. */
  port: number;
  /** Of this machine's loopback; 0 takes a free one. */
  localPort?: number;
}

/** Streams of the first port: its bytes, and what went wrong. */
const data = 0;
const error = 1;
/** Bytes under way to the server above which the sender is slowed down. */
const highWater = 1 << 20;

/** Listens until it is closed. Throws `noReadyPod` where there is none at the start; later connections are refused while there is none. */
export async function forwardPort(cluster: Cluster, options: ForwardOptions): Promise<Reached> {
  await choosePod(cluster, options, 0);
  const open = new Set<Socket>();
  let turn = 0;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    // A caller that goes away is nobody's fault.
    socket.on("error", () => {});
    connect(cluster, options, socket, turn++).catch(() => socket.destroy());
  });
  server.listen(options.localPort ?? 0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forwarded: true,
    async close() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, "close");
    },
  };
}

/** Ready pods in turn, so that several connections are spread as a Service would. */
async function choosePod(cluster: Cluster, { namespace, labels }: ForwardOptions, turn: number): Promise<string> {
  const { items } = await listObjects(cluster, { apiVersion: "v1", kind: "Pod", namespace, labels });
  const ready = pick(items, "Pod").filter(isReady);
  const pod = ready[turn % Math.max(1, ready.length)];
  if (pod === undefined)
    throw noReadyPod({
      what: `namespace ${namespace}`,
      context: cluster.context,
      pods: items.map(({ metadata }) => metadata.name),
    });
  return pod.metadata.name;
}

/** One WebSocket for one connection: the protocol gives a stream no way to begin anew. */
async function connect(cluster: Cluster, options: ForwardOptions, socket: Socket, turn: number): Promise<void> {
  const { namespace, port } = options;
  const name = await choosePod(cluster, options, turn);
  // The first message of either stream is the port, in two bytes.
  const greeted = new Set<number>();
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/portforward?ports=${port}`;
  let channel: Channel | undefined;
  channel = await cluster.openChannel(
    path,
    { apiVersion: "v1", kind: "Pod", name, namespace },
    {
      onMessage(stream, bytes) {
        const rest = greeted.has(stream) ? bytes : bytes.subarray(2);
        greeted.add(stream);
        if (stream === data && rest.length > 0 && !socket.write(rest)) {
          channel?.pause();
          socket.once("drain", () => channel?.resume());
        }
        // The pod refused, or went away: what it says is nothing that a TCP caller could read.
        if (stream === error && rest.length > 0) socket.destroy();
      },
      onClose: () => socket.end(),
    },
  );
  const to = channel;
  socket.on("data", (bytes: Buffer) => {
    to.send(data, bytes);
    if (to.buffered > highWater) slowDown(socket, to);
  });
  socket.once("end", () => to.end(data));
  socket.once("close", () => to.close());
  if (socket.destroyed) to.close();
  socket.resume();
}

function slowDown(socket: Socket, channel: Channel): void {
  socket.pause();
  const timer = setInterval(() => {
    if (channel.buffered > highWater / 2 && !socket.destroyed) return;
    clearInterval(timer);
    socket.resume();
  }, 5);
}
