/** @file A token server for distribution's registry: anyone may pull, `ada` may do everything, by password or by refresh token, `bob` nothing more than anyone. */
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export const login = { username: "ada", password: "correct horse", refreshToken: "refresh-4f1d9c" };

export interface TokenServer {
  /** The registry's `auth.token` section, with `jwks` still to be written to this path. */
  auth: (jwksPath: string) => object;
  jwks: string;
  /** `GET ada repository:x:pull`, in the order they came. */
  requests: string[];
  close: () => Promise<void>;
}

export async function startTokenServer(): Promise<TokenServer> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const kid = randomUUID();
  const requests: string[] = [];

  const makeToken = (user: string, scopes: readonly string[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const access = scopes.map((scope) => {
      const [type, name, actions = ""] = scope.split(":");
      const granted = actions.split(",").filter((action) => user === login.username || action === "pull");
      return { type, name, actions: granted };
    });
    const claims = {
      iss: "tests",
      sub: user,
      aud: "registry",
      exp: now + 300,
      nbf: now - 5,
      iat: now,
      jti: randomUUID(),
      access,
    };
    const parts = [{ typ: "JWT", alg: "ES256", kid }, claims].map((part) => encode(JSON.stringify(part)));
    const signature = sign("sha256", Buffer.from(parts.join(".")), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return [...parts, signature.toString("base64url")].join(".");
  };

  const server = createServer((request, response) => {
    const serve = async () => {
      const asked = await readRequest(request);
      requests.push(`${request.method} ${asked.user ?? "refused"} ${asked.scopes.join(" ")}`);
      response.setHeader("content-type", "application/json");
      if (asked.user === undefined) {
        response.writeHead(401).end(JSON.stringify({ details: "incorrect username or password" }));
        return;
      }
      response.end(JSON.stringify({ token: makeToken(asked.user, asked.scopes), expires_in: 300 }));
    };
    serve().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const key = { ...publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" };
  return {
    auth: (jwks) => ({ token: { realm, service: "registry", issuer: "tests", jwks, signingalgorithms: ["ES256"] } }),
    jwks: JSON.stringify({ keys: [key] }),
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `user` is "" for anonymous requests, undefined where the login is wrong. */
async function readRequest(request: IncomingMessage): Promise<{ user: string | undefined; scopes: string[] }> {
  if (request.method === "POST") {
    const form = new URLSearchParams(await text(request));
    const isRight = form.get("refresh_token") === login.refreshToken && form.get("service") === "registry";
    return { user: isRight ? login.username : undefined, scopes: (form.get("scope") ?? "").split(" ") };
  }
  const url = new URL(request.url ?? "/", "http://token");
  const scopes = url.searchParams.getAll("scope");
  const { authorization } = request.headers;
  if (authorization === undefined) return { user: "", scopes };
  const [user, password] = Buffer.from(authorization.replace("Basic ", ""), "base64").toString().split(":");
  return { user: password === login.password ? user : undefined, scopes };
}

function encode(part: string): string {
  return Buffer.from(part).toString("base64url");
}
