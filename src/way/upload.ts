import type { Agent } from "node:http";
import { basename } from "node:path";
import { askHttp } from "../base/ask.ts";
import { readDigest } from "./readiness.ts";

export interface UploadedFile {
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

/** A form with one file. */
export function formOf({ field, path, content }: UploadedFile): { contentType: string; body: Uint8Array } {
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
export async function post({
  agent,
  url,
  signal,
  contentType,
  body,
  headers = {},
}: Place & { contentType: string; body: Uint8Array }): Promise<Answer> {
  const sent = { ...headers, "content-type": contentType };
  const answer = await askHttp(url, { agent, signal, headers: sent, body });
  return { status: answer.status, text: answer.text, digest: readDigest(answer.headers) };
}
