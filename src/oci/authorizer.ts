/** @file Which Authorization a request carries. What is learned from one refusal serves all later requests to the same registry. */
import type { Challenge } from "./challenge.ts";
import type { Credentials, Found } from "./credentials.ts";
import { isLoopback } from "./reference.ts";
import { fetchToken, toBasic, type Realm, type Token } from "./token.ts";
import type { Transport } from "./transport.ts";

export interface Authorizer {
  /** The header for these scopes, as far as the registry's way is known; undefined: send none. Throws what `fetchToken` throws. */
  authorize(repository: string, scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Learns from a 401, given the Authorization it answers. Gives back whether another try makes sense: there is something new to send.
   * Throws `RealmUnsafe`.
   */
  learn(
    challenges: readonly Challenge[],
    repository: string,
    scopes: readonly string[],
    sent: string | undefined,
  ): Promise<boolean>;
  /** Whether we are someone there, rather than a stranger. */
  hasLogin(repository: string): Promise<boolean>;
  /** For messages; never the secret itself. */
  describe(repository: string): Promise<string>;
  /** Texts that must never be current: passwords and tokens in use. */
  secrets(): string[];
}

/** The registry sends us, with our password, to a token server that would get it in the clear. */
export class RealmUnsafe extends Error {}

export function createAuthorizer(
  transport: Transport,
  base: URL,
  lookUp: (repository: string) => Promise<Found>,
): Authorizer {
  let way: { scheme: "basic" } | { scheme: "bearer"; realm: Realm } | undefined;
  const tokens = new Map<string, Promise<Token>>();
  const founds = new Map<string, Promise<Found>>();
  /** Scopes that the registry wanted beyond those we asked for, by what we asked for. */
  const wanted = new Map<string, readonly string[]>();
  const passwords = new Set<string>();
  /** The newest token by its key, so that the list of secrets does not grow for ever. */
  const current = new Map<string, string>();

  const find = (repository: string) =>
    remember(founds, repository, async () => {
      const found = await lookUp(repository);
      for (const secret of listSecrets(found.credentials)) passwords.add(secret);
      return found;
    });

  const getToken = async (
    realm: Realm,
    credentials: Credentials | undefined,
    scopes: readonly string[],
    signal?: AbortSignal,
  ): Promise<Token> => {
    const key = toKey(realm, credentials, scopes);
    const known = await tokens.get(key)?.catch(() => undefined);
    if (known !== undefined && known.until <= Date.now()) tokens.delete(key);
    // Without the caller's signal: others may wait for the same token.
    const token = await abortable(
      remember(tokens, key, () => fetchToken(transport, realm, scopes, credentials)),
      signal,
    );
    current.set(key, token.value);
    return token;
  };

  return {
    authorize: async (repository, scopes, signal) => {
      if (way === undefined) return undefined;
      const { credentials } = await find(repository);
      if (credentials?.kind === "bearer") return `Bearer ${credentials.token}`;
      if (way.scheme === "basic") return credentials?.kind === "password" ? toBasic(credentials) : undefined;
      const all = wanted.get(scopes.join(" ")) ?? scopes;
      return `Bearer ${(await getToken(way.realm, credentials, all, signal)).value}`;
    },
    learn: async (challenges, repository, scopes, sent) => {
      const { credentials } = await find(repository);
      const bearer = challenges.find(({ scheme }) => scheme === "bearer");
      const realm = bearer && readRealm(bearer, base, credentials);
      if (bearer !== undefined && realm !== undefined) {
        const all = [...new Set([...scopes, ...splitScopes(bearer.parameters["scope"])])];
        way = { scheme: "bearer", realm };
        wanted.set(scopes.join(" "), all);
        if (credentials?.kind === "bearer") return sent === undefined;
        const key = toKey(realm, credentials, all);
        const token = await tokens.get(key)?.catch(() => undefined);
        // It was refused although it should still be good: revoked, or signed by a key that has gone.
        if (token === undefined || sent !== `Bearer ${token.value}`) return true;
        tokens.delete(key);
        return bearer.parameters["error"] !== "insufficient_scope";
      }
      if (challenges.some(({ scheme }) => scheme === "basic")) {
        way = { scheme: "basic" };
        return sent === undefined && credentials?.kind === "password";
      }
      return false;
    },
    hasLogin: async (repository) => (await find(repository)).credentials !== undefined,
    describe: async (repository) => (await find(repository)).source,
    secrets: () => [...passwords, ...current.values()],
  };
}

function readRealm({ parameters }: Challenge, base: URL, credentials: Credentials | undefined): Realm | undefined {
  const text = parameters["realm"];
  if (text === undefined || text === "" || !URL.canParse(text, base.href)) return undefined;
  const url = new URL(text, base);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  if (credentials !== undefined && url.protocol === "http:" && base.protocol === "https:" && !isLoopback(url.host))
    throw new RealmUnsafe(`it sends the login to ${url.origin}, which is not encrypted`);
  return { url, service: parameters["service"] };
}

/** The scopes of a challenge stand in one text: `repository:a:pull repository:b:pull,push`. */
function splitScopes(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((scope) => scope !== "");
}

function toKey({ url, service }: Realm, credentials: Credentials | undefined, scopes: readonly string[]): string {
  const who = credentials?.kind === "password" ? credentials.username : (credentials?.kind ?? "");
  return JSON.stringify([url.href, service, who, scopes.toSorted()]);
}

/** The other half of a login: names may be current, passwords and tokens not. */
function listSecrets(credentials: Credentials | undefined): string[] {
  if (credentials === undefined) return [];
  return credentials.kind === "password"
    ? [credentials.password, toBasic(credentials).slice("Basic ".length)]
    : [credentials.token];
}

/** One promise for all who ask at once; a failure is forgotten, so that the next one tries anew. */
async function remember<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const running = known.get(key);
  if (running !== undefined) return running;
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
