/** @file Access tokens by the registry token protocol: GET with Basic or nothing, POST by OAuth 2 with a refresh token. */
import { parseObject } from "../base/json.ts";
import type { Credentials } from "./credentials.ts";
import { readBounded, type Transport } from "./transport.ts";

export interface Realm {
  url: URL;
  service: string | undefined;
}

export interface Token {
  value: string;
  /** Milliseconds since the epoch, some time before the real end. */
  until: number;
}

/** Why there is no token: the answer's status and the server's bounded words. */
export class TokenRefused extends Error {
  readonly status: number;
  readonly retryAfter: string | undefined;

  constructor(status: number, message: string, retryAfter?: string) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const limitBytes = 1 << 20;
const shortestLifeSeconds = 60;

/** Asks the realm for a token with these scopes. Throws `TokenRefused`, and what the transport throws. */
export async function fetchToken(
  transport: Transport,
  realm: Realm,
  scopes: readonly string[],
  credentials: Credentials | undefined,
  signal?: AbortSignal,
): Promise<Token> {
  const asked = Date.now();
  const call =
    credentials?.kind === "identity"
      ? toPost(realm, scopes, credentials.token)
      : toGet(realm, scopes, credentials?.kind === "password" ? credentials : undefined);
  const answer = await transport.exchange({ ...call, signal });
  const bytes = await readBounded(answer.body, limitBytes);
  const value = parseObject(bytes ?? "") ?? {};
  if (answer.status !== 200) throw new TokenRefused(answer.status, readReason(value), answer.headers["retry-after"]);
  const token = value["token"] ?? value["access_token"];
  if (typeof token !== "string" || token === "")
    throw new TokenRefused(answer.status, "the token server's answer has no token");
  const life = Number(value["expires_in"] ?? shortestLifeSeconds);
  // By the protocol a token lives for at least 60 s. A tenth is left unused, for slow requests and clocks.
  const seconds = Math.max(Number.isFinite(life) ? life : 0, shortestLifeSeconds) * 0.9;
  return { value: token, until: asked + seconds * 1000 };
}

export function toBasic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

function toGet(realm: Realm, scopes: readonly string[], login: { username: string; password: string } | undefined) {
  const url = new URL(realm.url);
  if (realm.service !== undefined) url.searchParams.set("service", realm.service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  if (login !== undefined) url.searchParams.set("account", login.username);
  return { method: "GET", url, headers: login === undefined ? {} : { authorization: toBasic(login) } };
}

function toPost({ url, service }: Realm, scopes: readonly string[], refreshToken: string) {
  const form = new URLSearchParams({ grant_type: "refresh_token", client_id: "slipway" });
  if (service !== undefined) form.set("service", service);
  if (scopes.length > 0) form.set("scope", scopes.join(" "));
  form.set("refresh_token", refreshToken);
  const body = new TextEncoder().encode(form.toString());
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(body.byteLength),
  };
  return { method: "POST", url, headers, body };
}

function readReason(value: Record<string, unknown>): string {
  const [first] = Array.isArray(value["errors"]) ? (value["errors"] as Record<string, unknown>[]) : [];
  const said = value["error_description"] ?? value["details"] ?? first?.["message"] ?? value["error"] ?? "";
  return typeof said === "string" ? said.slice(0, 300) : "";
}
