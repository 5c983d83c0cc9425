import { type Agent, request } from "node:http";
import { basename } from "node:path";

export interface Upload extends Place {
  /** Name of the multipart field. */
  field: string;
  /** Of the file: its name and type are sent. */
  path: string;
  content: Uint8Array;
}

export interface Place {
  agent: Agent;
  url: string;
  signal: AbortSignal;
  /** Besides the body's own. */
  headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  status: number;
  text: string;
  digest: string | undefined;
}

const boundary = "slipway-7d1f0c52a94e";

/** Posts a file as multipart/form-data, as browsers and curl do. Rejects where no answer comes; any status is an answer. */
export function uploadFile({ agent, url, signal, ...file }: Upload): Promise<Answer> {
  return post({ agent, url, signal, ...formOf(file) });
}

/** A form with one file. */
export function formOf({ field, path, content }: Pick<Upload, "field" | "path" | "content">): {
  contentType: string;
  body: Uint8Array;
} {
  const type = path.toLowerCase().endsWith(".png") ? "image/png" : "image/jpeg";
  const name = basename(path).replaceAll(/["\r\n]/g, "_");
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="${field}"; filename="${name}"\r\ncontent-type: ${type}\r\n\r\n`,
    ),
    content,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return { contentType: `multipart/form-data; boundary=${boundary}`, body };
}

/** Rejects where no answer comes; any status is an answer. */
export function post({
  agent,
  url,
  signal,
  contentType,
  body,
  headers = {},
}: Place & { contentType: string; body: Uint8Array }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sending = request(
      url,
      {
        agent,
        method: "POST",
        signal,
        headers: { ...headers, "content-type": contentType, "content-length": body.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const digest = response.headers["x-model-digest"];
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString("utf8"),
            digest: typeof digest === "string" ? digest : undefined,
          });
        });
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });
}
