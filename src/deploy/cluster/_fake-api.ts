/** @file For tests: an HTTP server that answers as an API server does, as far as a test says, and a kubeconfig that leads to it. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface FakeApi extends AsyncDisposable {
  url: string;
  port: number;
  folder: string;
  kubeconfig: string;
  /** `GET /api/v1/…` of every request, in order. */
  seen: string[];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** `user` goes into the kubeconfig as it is; `/version` is answered where `answer` leaves it to us. */
export async function startFakeApi(answer: Answer, user: object = {}, port = 0): Promise<FakeApi> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    answer(request, response);
    if (!response.writableEnded && request.url === "/version") sendJson(response, 200, { gitVersion: "v1.34.4" });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const folder = mkdtempSync(join(tmpdir(), "slipway-api-"));
  const kubeconfig = join(folder, "config");
  const bound = (server.address() as AddressInfo).port;
  const url = `http://127.0.0.1:${bound}`;
  writeFileSync(kubeconfig, writeKubeconfig("test", url, user));
  return {
    url,
    port: bound,
    folder,
    kubeconfig,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      rmSync(folder, { recursive: true });
    },
  };
}

export function sendJson(response: ServerResponse, status: number, body: object, headers: object = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

export function writeKubeconfig(name: string, server: string, user: object = {}, namespace?: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, ...(namespace !== undefined && { namespace }) } }],
    "current-context": name,
  });
}
