/** @file What downloads have in common: what a file is called here, when it is worth asking again, and why it failed. */
import { basename } from "node:path";

export function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** What a file of that URL is called on this machine. */
export function nameOf(url: string): string {
  const name = basename(new URL(url).pathname).replaceAll(/[^\w.-]/g, "_");
  return name.slice(-80) || "file";
}

/** For messages and lineage: without passwords, and without a query, where stores put their signatures. */
export function plainUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** An answer that asking again will not change. */
export class Refused extends Error {}

/** Throws where the answer is not the file: `Refused`, or a plain error where the fault may pass. */
export async function requireOk({ ok, status, statusText, body }: Response): Promise<void> {
  if (ok) return;
  await body?.cancel();
  const passing = status >= 500 || status === 429 || status === 408;
  throw new (passing ? Error : Refused)(`the server answered ${status} ${statusText}`.trim());
}

/** fetch hides why in the cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
