/** @file One HTTP request to any port: `fetch` refuses those on its list of bad ones (6000, 5060, 10080 …), where servers may well listen. */
import http, { type IncomingHttpHeaders } from "node:http";
import https from "node:https";

export interface Asked {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** A GET, or a POST where there is a `body`. Rejects where no answer comes; any status is an answer. Redirects are not followed. */
export function askHttp(
  url: string,
  options: { headers?: Readonly<Record<string, string>>; body?: string | Uint8Array; signal: AbortSignal },
): Promise<Asked> {
  const { body, headers = {}, signal } = options;
  const { request } = url.startsWith("https:") ? https : http;
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const asking = request(url, { method, signal, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    asking.on("error", reject);
    asking.end(body);
  });
}
