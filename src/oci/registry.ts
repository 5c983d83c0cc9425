/** @file One registry: its address, login, connections, and the rules of trying again. Everything else in this room goes through `send`. */
import { createAuthorizer } from "./authorizer.ts";
import { parseChallenges } from "./challenge.ts";
import { findCredentials, type Credentials, type Environment } from "./credentials.ts";
import { explainAnswer, explainFault, type Attempt } from "./explain.ts";
import { isLoopback } from "./reference.ts";
import { defaultRetry, retrying, type RetryPolicy } from "./retry.ts";
import { createTransport, discard, readBounded, type Answer, type Outgoing } from "./transport.ts";

export interface RegistryOptions {
  /** Instead of those from docker's and podman's files. */
  credentials?: Credentials;
  /** Registries, by host and port, that are spoken to in plain HTTP: `["registry.lan:5000"]`. Loopback names always are, unless `secure` names them. */
  insecure?: readonly string[];
  /** Loopback registries that speak TLS. */
  secure?: readonly string[];
  /** PEM certificates to trust besides those of Node and NODE_EXTRA_CA_CERTS. */
  ca?: string;
  retry?: Partial<RetryPolicy>;
  /** Seconds without a byte before a request has failed. Default: 60. */
  idleSeconds?: number;
  /** Blobs that are transferred at once. Default: 4. */
  concurrency?: number;
  /** Where files with credentials and proxies are named. Default: `process.env`. */
  environment?: Environment;
}

export interface Call {
  /** What it is for, as it goes after "cannot" in an error: `read manifest v3 of`. */
  operation: string;
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** A path after `/v2/`, or a whole address that the registry gave (an upload's). */
  target: string | URL;
  repository: string;
  /** `pull`, `push`, `delete`: what the login must allow on the repository. */
  actions: readonly string[];
  /** Further repositories to be read, for mounts. */
  alsoPull?: readonly string[];
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | (() => AsyncIterable<Uint8Array>);
  /** Statuses that the caller understands; all others become errors. */
  expect: readonly number[];
  /** Whether it may be sent again after a failure. Default: true; not for the parts of an upload. */
  repeatable?: boolean;
  signal?: AbortSignal | undefined;
}

export interface Registry {
  /** As it is written in references: `docker.io`, `localhost:5001`. */
  readonly host: string;
  readonly concurrency: number;
  readonly retry: RetryPolicy;
  /** Throws the errors of errors.ts. The answer's body is the caller's to read or discard. */
  send(call: Call): Promise<Answer>;
  /** The same with a body that is small by nature: a cut within it is tried again too. `bytes` are undefined where there are more than `limit`. */
  read(call: Call, limit: number): Promise<Answer & { bytes: Uint8Array | undefined }>;
  /** The address of a Location that the registry gave. */
  locate(location: string, base: URL): URL | undefined;
  /** Ends connections that wait for their next use; without it they end by themselves and hold no process up. */
  close(): void;
}

const redirects = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 5;

export function openRegistry(host: string, options: RegistryOptions = {}): Registry {
  const environment = options.environment ?? process.env;
  const base = new URL(
    `${isPlain(host, options) ? "http" : "https"}://${host === "docker.io" ? "registry-1.docker.io" : host}/v2/`,
  );
  const retry = { ...defaultRetry, ...options.retry };
  const transport = createTransport({ ca: options.ca, idleMs: (options.idleSeconds ?? 60) * 1000, environment });
  const given = options.credentials;
  let met = false;
  const authorizer = createAuthorizer(transport, base, async (repository) =>
    given === undefined
      ? findCredentials(host, repository, environment)
      : { credentials: given, source: "credentials given by the program" },
  );

  /** One try: with a login once it is asked for, and along redirects. */
  const exchange = async (call: Call, attempt: Attempt): Promise<Answer> => {
    const url = call.target instanceof URL ? call.target : new URL(call.target, base);
    // An upload's address may be at another host (object storage): our login is not for that one.
    const own = url.origin === base.origin;
    const scopes = toScopes(call);
    const outgoing = (authorization: string | undefined): Outgoing => ({
      method: call.method,
      url,
      headers: {
        "user-agent": "slipway",
        ...call.headers,
        ...(call.body instanceof Uint8Array && { "content-length": String(call.body.byteLength) }),
        ...(call.body === undefined && !["GET", "HEAD"].includes(call.method) && { "content-length": "0" }),
        ...(authorization !== undefined && { authorization }),
      },
      body: typeof call.body === "function" ? call.body() : call.body,
      signal: call.signal,
    });
    const sent = own ? await authorizer.authorize(call.repository, scopes, call.signal) : undefined;
    const answer = await transport.exchange(outgoing(sent));
    attempt.authorized = sent !== undefined;
    if (answer.status !== 401 || !own) return follow(answer, call);
    const challenges = parseChallenges(answer.headers["www-authenticate"] ?? "");
    if (!(await authorizer.learn(challenges, call.repository, scopes, sent))) return answer;
    await discard(answer);
    const fresh = await authorizer.authorize(call.repository, scopes, call.signal);
    attempt.authorized = fresh !== undefined;
    return follow(await transport.exchange(outgoing(fresh)), call);
  };

  /** Blobs often lie elsewhere. The login goes no further than the registry's own origin, and never from TLS to plain HTTP. */
  const follow = async (first: Answer, call: Call): Promise<Answer> => {
    let answer = first;
    for (let count = 0; redirects.has(answer.status) && count < mostRedirects; count++) {
      const { location } = answer.headers;
      if (!["GET", "HEAD"].includes(call.method) || location === undefined || !URL.canParse(location, answer.url.href))
        break;
      const url = new URL(location, answer.url);
      if (url.protocol !== "https:" && url.protocol !== answer.url.protocol) break;
      await discard(answer);
      const authorization =
        url.origin === base.origin
          ? await authorizer.authorize(call.repository, toScopes(call), call.signal)
          : undefined;
      const headers = {
        "user-agent": "slipway",
        ...call.headers,
        ...(authorization !== undefined && { authorization }),
      };
      answer = await transport.exchange({ method: call.method, url, headers, signal: call.signal });
    }
    return answer;
  };

  /** An answer to HEAD has no body, so it does not say why it says no: GET does. */
  const askForWords = async (silent: Answer, call: Call, attempt: Attempt): Promise<Answer> => {
    if (silent.status >= 500 || silent.status === 429) return silent;
    const answer = await exchange({ ...call, method: "GET" }, attempt).catch(() => undefined); // then there are no words
    if (answer?.status === silent.status) return answer;
    answer?.body.destroy();
    return silent;
  };

  const run = async <T>(call: Call, finish: (answer: Answer) => Promise<T>): Promise<T> => {
    const policy = call.repeatable === false ? { ...retry, attempts: 1 } : retry;
    return retrying(policy, call.signal, async () => {
      const attempt: Attempt = { registry: host, base, call, authorized: false, met };
      const explain = async (error: unknown): Promise<never> => {
        throw await explainFault(error, attempt, authorizer);
      };
      const answer = await exchange(call, attempt).catch(explain);
      met = true;
      if (call.expect.includes(answer.status)) return finish(answer).catch(explain);
      const told = call.method === "HEAD" ? await askForWords(answer, call, attempt) : answer;
      throw await explainAnswer(told, attempt, authorizer);
    });
  };

  return {
    host,
    concurrency: options.concurrency ?? 4,
    retry,
    send: (call) => run(call, async (answer) => answer),
    read: (call, limit) => run(call, async (answer) => ({ ...answer, bytes: await readBounded(answer.body, limit) })),
    locate: (location, from) => {
      if (!URL.canParse(location, from.href)) return undefined;
      const url = new URL(location, from);
      // A proxy that ends TLS often lets the registry believe that it speaks plain HTTP.
      if (url.protocol === "http:" && base.protocol === "https:" && url.hostname === base.hostname) {
        url.protocol = "https:";
        url.port = base.port;
      }
      return url;
    },
    close: () => transport.close(),
  };
}

function isPlain(host: string, { insecure = [], secure = [] }: RegistryOptions): boolean {
  return insecure.includes(host) || (isLoopback(host) && !secure.includes(host));
}

function toScopes({ repository, actions, alsoPull = [] }: Call): string[] {
  if (repository === "") return [];
  return [`repository:${repository}:${actions.join(",")}`, ...alsoPull.map((other) => `repository:${other}:pull`)];
}
