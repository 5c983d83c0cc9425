/**
 * @file Downloads of large files: what is there already is not asked for again (HTTP ranges, RFC 9110 §14), so that a connection that
 * breaks, or Ctrl-C, costs little. The draft lies beside the file under `.part`, what tells its version under `.part.json`.
 */
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { digestOf, hexOf } from "../../base/digest.ts";
import { dataInterrupted, downloadFailed } from "../errors.ts";
import type { OpenOptions } from "../open.ts";
import type { FileSource } from "../types.ts";
import { nameOf, plainUrl, reasonOf, Refused, requireOk } from "./url.ts";

const attempts = 4;
/** Milliseconds without a byte after which a connection counts as broken. */
const patience = 60_000;
/** Between two reports of progress, in milliseconds. */
const pace = 100;

/** Where a downloaded file is kept: a folder of the project's that version control leaves out. */
export function cachePathOf({ path, digest }: FileSource, root: string): string {
  return join(root, ".slipway", "cache", "files", hexOf(digest ?? digestOf(path), 16), nameOf(path));
}

/**
 * Downloads to `path`, which is there as a whole or not at all. Tries again where the fault may pass, and goes on from where it
 * was. Throws `downloadFailed` or `dataInterrupted`; size and digest are the caller's to compare.
 */
export async function download(source: FileSource, path: string, { report, signal }: OpenOptions): Promise<void> {
  const url = plainUrl(source.path);
  const label = `download ${nameOf(source.path)}`;
  report?.({ step: "data", label });
  let told = 0;
  const onProgress = (done: number, total: number | undefined): void => {
    if (performance.now() - told < pace && done !== total) return;
    told = performance.now();
    report?.({
      step: "data",
      label,
      done,
      ...(total !== undefined && { total }),
      figures: { MB: (done / 1e6).toFixed(1) },
    });
  };
  for (let attempt = 1; ; attempt++) {
    try {
      await attemptDownload(source, path, { onProgress, signal });
      return;
    } catch (error) {
      if (signal?.aborted === true) throw dataInterrupted({ doing: `downloading ${url}` }, { cause: error });
      if (error instanceof Refused || attempt === attempts)
        throw downloadFailed({ url, reason: reasonOf(error) }, { cause: error });
      await delay(250 * 2 ** attempt, undefined, signal === undefined ? {} : { signal }).catch(() => {});
    }
  }
}

interface Watch {
  onProgress: (done: number, total: number | undefined) => void;
  signal: AbortSignal | undefined;
}

async function attemptDownload(source: FileSource, path: string, watch: Watch): Promise<void> {
  const draft = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  const stop = new AbortController();
  const watchdog = setTimeout(() => stop.abort(new Error(`nothing came for ${patience / 1000} s`)), patience);
  const signal = watch.signal === undefined ? stop.signal : AbortSignal.any([watch.signal, stop.signal]);
  const onProgress = (done: number, total: number | undefined): void => {
    watchdog.refresh();
    watch.onProgress(done, total);
  };
  try {
    await receive(source, draft, { onProgress, signal });
  } finally {
    clearTimeout(watchdog);
  }
  await rename(draft, path);
  await rm(`${draft}.json`, { force: true });
}

async function receive(source: FileSource, draft: string, { onProgress, signal }: Watch): Promise<void> {
  const [known, version] = await readDraft(draft);
  const headers = known > 0 ? { range: `bytes=${known}-`, "if-range": version } : {};
  const response = await request(source.path, { headers, signal: signal ?? null });
  const from = response.status === 206 ? readStart(response, known) : 0;
  const total = readTotal(response, from);
  if (source.size !== undefined && total !== undefined && total !== source.size) {
    await response.body?.cancel();
    throw new Refused(`the server's file has ${total} bytes, wanted ${source.size}`);
  }
  let done = from;
  const file = await openDraft(draft, from, response);
  try {
    for await (const piece of response.body ?? []) {
      done += piece.length;
      if (done > (source.size ?? total ?? Infinity)) throw new Refused("it has more bytes than announced");
      await file.write(piece);
      onProgress(done, total);
    }
  } finally {
    await file.close();
  }
  if (total !== undefined && done < total) throw new Error(`the connection ended after ${done} of ${total} bytes`);
}

async function request(url: string, options: RequestInit & { headers: Record<string, string> }): Promise<Response> {
  const address = new URL(url);
  const { username, password } = address;
  // fetch refuses addresses with a password; servers expect it as basic authentication.
  if (username !== "") {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    options.headers["authorization"] = `Basic ${Buffer.from(pair).toString("base64")}`;
    address.username = "";
    address.password = "";
  }
  // Lengths are those of the file itself.
  options.headers["accept-encoding"] = "identity";
  const response = await fetch(address, options);
  // A range behind the file's end: the draft is not of this file.
  if (response.status === 416) {
    await response.body?.cancel();
    return await request(url, { ...options, headers: {} });
  }
  await requireOk(response);
  return response;
}

/** Bytes that are there, and what names the version they are of. Without such a name nothing can be added to them. */
async function readDraft(draft: string): Promise<[number, string]> {
  try {
    const { version } = JSON.parse(await readFile(`${draft}.json`, "utf8")) as { version?: unknown };
    const { size } = await stat(draft);
    return typeof version === "string" && version !== "" ? [size, version] : [0, ""];
  } catch {
    // No draft, or none that can be used.
    return [0, ""];
  }
}

async function openDraft(draft: string, from: number, { headers }: Response): Promise<FileHandle> {
  if (from > 0) return await open(draft, "a");
  const tag = headers.get("etag") ?? "";
  // A weak tag does not promise the same bytes.
  const version = tag !== "" && !tag.startsWith("W/") ? tag : (headers.get("last-modified") ?? "");
  await writeFile(`${draft}.json`, JSON.stringify({ version }));
  return await open(draft, "w");
}

function readStart({ headers }: Response, known: number): number {
  const start = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1];
  if (Number(start) !== known) throw new Refused(`the server sent another part than it was asked for`);
  return known;
}

/** Of the whole file, where the server says it. */
function readTotal({ headers, status }: Response, from: number): number | undefined {
  const whole =
    status === 206 ? /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1] : headers.get("content-length");
  const total = Number(whole ?? Number.NaN);
  return Number.isSafeInteger(total) && total >= from ? total : undefined;
}
