/** @file The page's only way to the network: its own server. */
import type { Problem } from "../../src/console/api.ts";

export type Fault = { kind: "away" } | ({ kind: "problem" } & Problem);

export type Outcome<T> = { kind: "answer"; value: T } | Fault;

/** Rejects only when `signal` is aborted. Types are the server's own schemas; its tests hold it to them. */
export async function ask<T>(path: string, options: { post?: object; signal?: AbortSignal } = {}): Promise<Outcome<T>> {
  const { post, signal } = options;
  let response: Response;
  try {
    response = await fetch(new URL(path, document.baseURI), {
      cache: "no-store",
      credentials: "same-origin",
      ...(signal !== undefined && { signal }),
      ...(post !== undefined && {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(post),
      }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return { kind: "away" };
  }
  const body = await readJson(response, signal);
  if (response.ok && body !== undefined) return { kind: "answer", value: body as T };
  const { code, message, mend } = (body ?? {}) as Partial<Problem>;
  return {
    kind: "problem",
    code: code ?? String(response.status),
    message: message ?? `the console's server answered with status ${response.status}`,
    mend: mend ?? "Reload the page, or start `slipway console` again.",
  };
}

/** `longest`: a large one need have no more pixels a side. */
export function pictureAddress(path: string, longest?: number): string {
  const query = new URLSearchParams({ path, ...(longest !== undefined && { longest: String(longest) }) });
  return `api/pictures?${query.toString()}`;
}

async function readJson(response: Response, signal: AbortSignal | undefined): Promise<object | undefined> {
  try {
    const value: unknown = await response.json();
    return typeof value === "object" && value !== null ? value : undefined;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    // What matters then is the status.
    return undefined;
  }
}
