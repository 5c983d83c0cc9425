/** @file Files that a source names by URL: downloaded once, kept in `.slipway/cache/files`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { digestOf, hexOf } from "../../base/digest.ts";
import { writeWhole } from "../../base/files.ts";
import { dataInterrupted, downloadFailed } from "../errors.ts";
import { nameOf, reasonOf, Refused, requireOk } from "../file/url.ts";
import type { OpenOptions } from "../open.ts";

const attempts = 3;
/** Milliseconds for the whole of a file. */
const timeout = 120_000;
/** Larger than any file of this format; a server that sends more is not believed. */
const mostBytes = 1024 * 1024 * 1024;

/** The file's content. Tries three times where the fault may pass. Throws `downloadFailed` or `dataInterrupted`. */
export async function fetchFile(url: string, { root, report, signal }: OpenOptions): Promise<Uint8Array> {
  const key = hexOf(digestOf(url), 16);
  const path = join(root, ".slipway", "cache", "files", `${key}-${nameOf(url)}`);
  if (existsSync(path)) return readFileSync(path);
  for (let attempt = 1; ; attempt++) {
    report?.({ step: "data", label: `download ${nameOf(url)}` });
    try {
      const content = await download(url, signal);
      await writeWhole(path, content);
      return content;
    } catch (error) {
      if (signal?.aborted === true) throw dataInterrupted({ doing: `downloading ${url}` }, { cause: error });
      if (error instanceof Refused || attempt === attempts)
        throw downloadFailed({ url, reason: reasonOf(error) }, { cause: error });
      await delay(500 * 2 ** attempt);
    }
  }
}

async function download(url: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const patience = AbortSignal.timeout(timeout);
  const response = await fetch(url, { signal: signal === undefined ? patience : AbortSignal.any([signal, patience]) });
  await requireOk(response);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > mostBytes) throw new Refused(`it has more than ${mostBytes.toLocaleString("en")} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
