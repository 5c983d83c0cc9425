/** @file Files that a source names by URL: downloaded once, kept in `.slipway/cache/files`. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { dataInterrupted, downloadFailed } from "../errors.ts";
import type { OpenOptions } from "../open.ts";

const attempts = 3;
/** Milliseconds for the whole of a file. */
const timeout = 120_000;
/** Larger than any file of this format; a server that sends more is not believed. */
const mostBytes = 1024 * 1024 * 1024;

export function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** The file's content. Tries three times where the fault may pass. Throws `downloadFailed` or `dataInterrupted`. */
export async function fetchFile(url: string, { root, report, signal }: OpenOptions): Promise<Uint8Array> {
  const key = createHash("sha256").update(url).digest("hex").slice(0, 16);
  const path = join(root, ".slipway", "cache", "files", `${key}-${nameOf(url)}`);
  if (existsSync(path)) return readFileSync(path);
  for (let attempt = 1; ; attempt++) {
    report?.({ step: "data", label: `download ${nameOf(url)}` });
    try {
      const content = await download(url, signal);
      keep(path, content);
      return content;
    } catch (error) {
      if (signal?.aborted === true) throw dataInterrupted({ doing: `downloading ${url}` }, { cause: error });
      if (error instanceof Refused || attempt === attempts)
        throw downloadFailed({ url, reason: reasonOf(error) }, { cause: error });
      await delay(500 * 2 ** attempt);
    }
  }
}

/** An answer that asking again will not change. */
class Refused extends Error {}

async function download(url: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const patience = AbortSignal.timeout(timeout);
  const response = await fetch(url, { signal: signal === undefined ? patience : AbortSignal.any([signal, patience]) });
  if (!response.ok) {
    await response.body?.cancel();
    const passing = response.status >= 500 || response.status === 429 || response.status === 408;
    throw new (passing ? Error : Refused)(`the server answered ${response.status} ${response.statusText}`.trim());
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > mostBytes) throw new Refused(`it has more than ${mostBytes.toLocaleString("en")} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function keep(path: string, content: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, content);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

function nameOf(url: string): string {
  return (
    basename(new URL(url).pathname)
      .replaceAll(/[^\w.-]/g, "_")
      .slice(-80) || "file"
  );
}

/** fetch hides why in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
