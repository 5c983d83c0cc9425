/** @file From an answer or a fault to the catalogue's error: what failed, the registry's own words, and whether another try may help. */
import type { SlipwayError } from "../base/errors.ts";
import { findSlipwayError } from "../base/errors.ts";
import { RealmUnsafe, type Authorizer } from "./authorizer.ts";
import {
  denied,
  notFound,
  notRegistry,
  refused,
  registryBusy,
  tlsRefused,
  unauthorized,
  unreachable,
  unsupported,
  type Failure,
} from "./errors.ts";
import { readRetryAfter } from "./retry.ts";
import { TokenRefused } from "./token.ts";
import { readBounded, type Answer } from "./transport.ts";

export interface Attempt {
  registry: string;
  base: URL;
  call: { operation: string; repository: string; signal?: AbortSignal | undefined };
  /** Whether a login went with it. */
  authorized: boolean;
  /** Whether this registry has answered before. */
  met: boolean;
}

type Judge = Pick<Authorizer, "describe" | "hasLogin" | "secrets">;

const mostOfBody = 64 << 10;
const mostOfWords = 300;
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/** An answer that the caller did not expect. Reads its body. */
export async function explainAnswer(answer: Answer, attempt: Attempt, judge: Judge): Promise<SlipwayError> {
  const { status, headers } = answer;
  const text = await readText(answer);
  const { code, said } = readErrors(text);
  const seconds = toSeconds(headers["retry-after"]);
  const failure: Failure = {
    ...toFailure(attempt),
    status,
    code,
    said: clean(said ?? text.replaceAll(/<[^>]*>/g, " "), judge),
    retryable: passing.has(status),
    ...(seconds !== undefined && { retryAfterSeconds: seconds }),
  };
  return byStatus(failure, answer, attempt, judge);
}

async function byStatus(failure: Failure, answer: Answer, attempt: Attempt, judge: Judge): Promise<SlipwayError> {
  const { status, code } = failure;
  const { repository } = attempt.call;
  // A token was given, but not for this: logging in again would not help.
  const isTooLittle = /insufficient_scope/.test(answer.headers["www-authenticate"] ?? "") && attempt.authorized;
  if (status === 401 && isTooLittle && (await judge.hasLogin(repository)))
    return denied({ ...failure, credentials: await judge.describe(repository) });
  if (status === 401) return unauthorized({ ...failure, credentials: await tellLogin(attempt, judge) });
  if (status === 403 || code === "DENIED") return denied({ ...failure, credentials: await judge.describe(repository) });
  if (failure.retryable) return registryBusy(failure);
  // Go's and nginx's words.
  if (status === 400 && /HTTP request (?:was sent )?to (?:an )?HTTPS/i.test(failure.said ?? ""))
    return tlsRefused({ ...failure, why: "it speaks TLS, and was spoken to in plain HTTP", hint: hintSecure(attempt) });
  if (isHtml(answer)) return notRegistry(failure);
  if (status === 404) return notFound(failure);
  if (status === 405 || code === "UNSUPPORTED") return unsupported(failure);
  return refused(failure);
}

/** Something thrown on the way: by the network, TLS, a token server, a source of bytes. Aborts and errors of the catalogue stay as they are. */
export async function explainFault(error: unknown, attempt: Attempt, judge: Judge): Promise<unknown> {
  if (attempt.call.signal?.aborted === true || findSlipwayError(error) !== undefined) return error;
  const failure = toFailure(attempt);
  if (error instanceof TokenRefused) {
    const { status, message } = error;
    const seconds = toSeconds(error.retryAfter);
    const told: Failure = {
      ...failure,
      status,
      code: "token server",
      said: clean(message, judge),
      retryable: passing.has(status),
      ...(seconds !== undefined && { retryAfterSeconds: seconds }),
    };
    // Without the cause: a token server may say the token back, and only `said` is clean of it.
    if (told.retryable) return registryBusy(told);
    const credentials = await judge.describe(attempt.call.repository);
    if (status === 400 || status === 401) return unauthorized({ ...told, credentials });
    return status === 403 ? denied({ ...told, credentials }) : refused(told);
  }
  if (error instanceof RealmUnsafe)
    return tlsRefused({
      ...failure,
      why: error.message,
      hint: `Tell those who run ${attempt.registry}: its token server must be reached by https.`,
    });
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (isTls(code)) return tlsRefused({ ...failure, ...explainTls(code, message, attempt) }, { cause: error });
  // The parser of HTTP: what answers is something else.
  if (code.startsWith("HPE_")) return notRegistry({ ...failure, said: "it does not speak HTTP" }, { cause: error });
  // Whatever is not of the network is a fault of ours, and shown as it is.
  if (!/^E(?!RR_)[A-Z0-9_]+$|^ERR_STREAM_/.test(code)) return error;
  return unreachable(
    {
      ...failure,
      ...explainNetwork(code, message, attempt),
      // Where nothing ever listened, the address is wrong; a registry that answered before is being restarted.
      retryable: (code !== "ECONNREFUSED" && code !== "ENOTFOUND") || attempt.met,
    },
    { cause: error },
  );
}

function toFailure({ registry, call }: Attempt): Failure {
  return { registry, repository: call.repository, operation: call.operation, retryable: false };
}

async function tellLogin(attempt: Attempt, judge: Judge): Promise<string> {
  const source = await judge.describe(attempt.call.repository);
  return attempt.authorized ? `it refused ${source}` : source;
}

async function readText(answer: Answer): Promise<string> {
  const bytes = await readBounded(answer.body, mostOfBody).catch(() => undefined); // the status says enough
  return new TextDecoder().decode(bytes);
}

/** `{ "errors": [{ "code", "message", "detail" }] }` by the distribution spec. */
function readErrors(text: string): { code?: string; said?: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {}; // not of the spec; the text itself is shown
  }
  const list = (value as { errors?: unknown } | null)?.errors;
  const [first] = Array.isArray(list) ? (list as Record<string, unknown>[]) : [];
  if (typeof first !== "object" || first === null) return {};
  const code = typeof first["code"] === "string" ? first["code"].slice(0, 64) : undefined;
  const message = typeof first["message"] === "string" ? first["message"] : "";
  const detail = typeof first["detail"] === "string" && first["detail"] !== message ? first["detail"] : "";
  return { ...(code !== undefined && { code }), said: [message, detail].filter((part) => part !== "").join(": ") };
}

/** One short line without anything secret: whatever a registry or a proxy answers may be shown to people. */
export function clean(text: string, { secrets }: Pick<Judge, "secrets">): string {
  let line = text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  for (const secret of secrets()) if (secret.length >= 3) line = line.replaceAll(secret, "•••");
  line = line
    .replaceAll(/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, "$1 •••")
    // Presigned addresses carry their right to read in the query.
    .replaceAll(/(https?:\/\/)(?:[^\s/@"]+@)?([^\s?"]+)\?[^\s"]+/g, "$1$2?•••");
  return line.length > mostOfWords ? `${line.slice(0, mostOfWords)}…` : line;
}

function isHtml({ headers }: Answer): boolean {
  return /text\/html/i.test(headers["content-type"] ?? "");
}

function toSeconds(retryAfter: string | undefined): number | undefined {
  const ms = readRetryAfter(retryAfter);
  return ms === undefined ? undefined : Math.ceil(ms / 1000);
}

function isTls(code: string): boolean {
  return /^ERR_(?:TLS|SSL)|CERT|^EPROTO$|^HOSTNAME_MISMATCH$|^UNABLE_TO_/.test(code);
}

function explainTls(code: string, message: string, attempt: Attempt): { why: string; hint: string } {
  const { registry } = attempt;
  if (code === "EPROTO" || /wrong.version.number|packet length too long/i.test(message))
    return {
      why: "it does not speak TLS",
      hint: `If ${registry} is meant to speak plain HTTP, name it among the insecure registries ("${registry}"); else check the port.`,
    };
  const why = /ALTNAME|HOSTNAME/.test(code)
    ? "its certificate is for another name"
    : /EXPIRED/.test(code)
      ? "its certificate has expired"
      : `its certificate is not trusted (${code})`;
  return {
    why,
    hint: `Put the certificate of its authority into a file and set NODE_EXTRA_CA_CERTS=<file>, or correct the certificate of ${registry}.`,
  };
}

function hintSecure({ registry }: Attempt): string {
  return `Take ${registry} out of the insecure registries; a loopback registry with TLS must be named as secure.`;
}

function explainNetwork(code: string, message: string, { registry }: Attempt): { why: string; hint: string } {
  if (code === "ECONNREFUSED")
    return {
      why: "nothing listens there (ECONNREFUSED)",
      hint: `Start the registry, or check host and port of ${registry}.`,
    };
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return {
      why: `the name cannot be resolved (${code})`,
      hint: `Check the spelling of ${registry}, and this machine's DNS.`,
    };
  if (code === "ECONNRESET" || code === "EPIPE")
    return {
      why: `the connection was cut (${code})`,
      hint: "Run the command again: what was pushed is kept and not sent twice.",
    };
  return {
    why: message === "" ? code : message,
    hint: `Check that ${registry} can be reached from here, and HTTPS_PROXY and NO_PROXY where a proxy stands between.`,
  };
}
