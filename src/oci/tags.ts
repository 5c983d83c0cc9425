import { answerInvalid } from "./errors.ts";
import type { Repository } from "./repository.ts";
import type { Call } from "./registry.ts";

export interface ListOptions {
  /** Names per page that are asked for; a registry may give fewer. Default: 1000. */
  pageSize?: number;
  signal?: AbortSignal | undefined;
}

const mostPages = 10_000;
const mostBytes = 32 << 20;

/** Every tag, in the registry's order. A repository that is not there has none. */
export async function listTags(
  repository: Repository,
  { pageSize = 1000, signal }: ListOptions = {},
): Promise<string[]> {
  const { name } = repository;
  const call = { operation: "list the tags of", repository: name, actions: ["pull"], signal };
  const pages = await readPages(repository, { ...call, target: `${name}/tags/list?n=${pageSize}` });
  // A tag that comes on two pages (it may move while we read) counts once.
  return [
    ...new Set(
      pages
        .flatMap(({ value }) => (value as { tags?: unknown } | null)?.tags ?? [])
        .filter((tag): tag is string => typeof tag === "string"),
    ),
  ];
}

export interface Page {
  value: unknown;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Follows `Link: …; rel="next"` to the end. Where the first page is not there: no page. Throws `answerInvalid`. */
export async function readPages({ registry }: Repository, call: Omit<Call, "method" | "expect">): Promise<Page[]> {
  const pages: Page[] = [];
  const seen = new Set<string>();
  const refuse = (why: string) =>
    answerInvalid({
      registry: registry.host,
      repository: call.repository,
      operation: call.operation,
      retryable: false,
      why,
    });
  for (let target: string | URL | undefined = call.target; target !== undefined;) {
    const page: Call = { ...call, target, method: "GET", expect: pages.length === 0 ? [200, 404] : [200] };
    const answer = await registry.read(page, mostBytes);
    const { bytes } = answer;
    if (answer.status === 404) return [];
    if (bytes === undefined) throw refuse(`a page is larger than ${mostBytes} bytes`);
    pages.push({ value: parse(bytes, refuse), headers: answer.headers });
    const link: string | undefined = readNextLink(answer.headers.link);
    const next: URL | undefined = link === undefined ? undefined : registry.locate(link, answer.url);
    if (next !== undefined && (seen.has(next.href) || pages.length >= mostPages))
      throw refuse("its pages go round in a circle");
    if (next !== undefined) seen.add(next.href);
    target = next;
  }
  return pages;
}

/** RFC 8288: `</v2/x/tags/list?last=b>; rel="next"`. */
export function readNextLink(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.join(", ") : (header ?? "");
  for (const [, address, parameters] of text.matchAll(
    /<([^>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]*))?)*)/g,
  ))
    if (/;\s*rel\s*=\s*"?(?:[^"]*\s)?next(?:\s[^"]*)?"?/i.test(parameters ?? "")) return address;
  return undefined;
}

function parse(bytes: Uint8Array, refuse: (why: string) => Error): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw refuse("its answer is not JSON");
  }
}
