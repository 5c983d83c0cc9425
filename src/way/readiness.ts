import { get } from "node:http";

export interface Readiness {
  status: number;
  /** What the answer says, for people. */
  text: string;
  /** Of the model that answers. */
  digest: string | undefined;
}

/** Asks a server whether it is ready, over a connection of its own: a kept one may lead to a pod that is on its way out. Rejects where no answer comes. */
export function askReadiness(url: string, signal: AbortSignal): Promise<Readiness> {
  return new Promise((resolve, reject) => {
    const request = get(`${url}/readyz`, { agent: false, timeout: 5000, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const header = response.headers["x-model-digest"];
        const text = Buffer.concat(chunks).toString("utf8").slice(0, 300);
        resolve({ status: response.statusCode ?? 0, text, digest: typeof header === "string" ? header : undefined });
      });
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 5 s")));
    request.on("error", reject);
  });
}
