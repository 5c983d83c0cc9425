/** @file One HTTP request to any port: `fetch` refuses those on its list of bad ones (6000, 5060, 10080 …), where servers may well listen. */
import http, { type Agent, type AgentOptions, type IncomingHttpHeaders } from "node:http";
import https from "node:https";

export interface Asked {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface AskOptions {
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  /** Default: Node's own, which keeps connections. `false`: a connection for this request alone. */
  agent?: Agent | false;
  /** Milliseconds without a word from the other side. Default: as long as `signal` allows. */
  silenceMs?: number;
  signal: AbortSignal;
}

/** Keeps connections to servers of the URL's protocol: HTTP's agent refuses HTTPS. Destroy it in the end. */
export function createAgent(url: string, options: AgentOptions = {}): Agent {
  const { Agent: Keeper } = url.startsWith("https:") ? https : http;
  return new Keeper({ keepAlive: true, ...options });
}

/** A GET, or a POST where there is a `body`. Rejects where no answer comes; any status is an answer. Redirects are not followed. */
export function askHttp(url: string, options: AskOptions): Promise<Asked> {
  const { body, headers = {}, agent, silenceMs, signal } = options;
  const { request } = url.startsWith("https:") ? https : http;
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const asking = request(
      url,
      {
        method: body === undefined ? "GET" : "POST",
        headers: { ...headers, ...length },
        agent,
        signal,
        timeout: silenceMs,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    if (silenceMs !== undefined)
      asking.on("timeout", () => asking.destroy(new Error(`no answer within ${silenceMs / 1000} s`)));
    asking.on("error", reject);
    asking.end(body);
  });
}
