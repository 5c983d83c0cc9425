/** @file Credentials from where docker and podman keep them. Their values leave this room only towards the registry. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { findSlipwayError } from "../base/errors.ts";
import { isObject, parseObject } from "../base/json.ts";
import { askHelper } from "./credential-helper.ts";
import { credentialsBroken } from "./errors.ts";

export type Credentials =
  | { kind: "password"; username: string; password: string }
  /** A refresh token, exchanged for access tokens by OAuth 2. */
  | { kind: "identity"; token: string }
  /** Sent as it is. */
  | { kind: "bearer"; token: string };

export interface Found {
  credentials: Credentials | undefined;
  /** For messages: `credentials of ada from ~/.docker/config.json`, `no credentials`. */
  source: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The part of docker's config.json and podman's auth.json that is about credentials. */
interface ConfigFile {
  path: string;
  auths: Record<string, unknown>;
  credHelpers: Record<string, unknown>;
  credsStore: string | undefined;
}

/**
 * Looks in the first of these files that knows the registry: $REGISTRY_AUTH_FILE, $DOCKER_CONFIG/config.json or ~/.docker/config.json, then
 * podman's auth.json. In each, the registry's own helper goes before the general one, and that before what stands in the file.
 * A helper that fails does not stop anonymous use: `source` says why, and reaches the user if the registry wants a login.
 * Throws `credentialsBroken` where a file is there and cannot be read.
 */
export async function findCredentials(
  registry: string,
  repository: string,
  environment: Environment = process.env,
): Promise<Found> {
  const problems: string[] = [];
  for (const path of listFiles(environment)) {
    const file = await readConfig(path);
    if (file === undefined) continue;
    const helper = findHelper(file, registry);
    if (helper !== undefined) {
      const found = await askHelper(helper, serverName(registry), environment).catch(noteProblem(problems));
      if (found !== undefined) return { credentials: found, source: name(found, `docker-credential-${helper}`) };
    }
    const found = findInFile(file, registry, repository);
    if (found !== undefined) return { credentials: found, source: name(found, path) };
  }
  return { credentials: undefined, source: ["no credentials", ...problems].join("; ") };
}

/** A failing helper is told of, not thrown: many machines have a leftover `credsStore` and need no login. */
function noteProblem(problems: string[]): (error: unknown) => undefined {
  return (error) => {
    if (findSlipwayError(error)?.code !== credentialsBroken.code) throw error;
    problems.push((error as Error).message);
  };
}

function listFiles(environment: Environment): string[] {
  const home = environment["HOME"] ?? homedir();
  const { REGISTRY_AUTH_FILE: named, DOCKER_CONFIG: docker, XDG_RUNTIME_DIR: runtime } = environment;
  const { XDG_CONFIG_HOME: config } = environment;
  return [
    ...(isSet(named) ? [named] : []),
    join(isSet(docker) ? docker : join(home, ".docker"), "config.json"),
    ...(isSet(runtime) ? [join(runtime, "containers", "auth.json")] : []),
    join(isSet(config) ? config : join(home, ".config"), "containers", "auth.json"),
  ];
}

async function readConfig(path: string): Promise<ConfigFile | undefined> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
    throw credentialsBroken({ source: path, why: cause.code ?? cause.message }, { cause });
  });
  if (text === undefined || text.trim() === "") return undefined;
  const value = parseObject(text);
  // The parser's own message would quote the file, secrets and all.
  if (value === undefined) throw credentialsBroken({ source: path, why: "it is not a JSON object" });
  const { auths, credHelpers, credsStore } = value;
  return {
    path,
    auths: isObject(auths) ? auths : {},
    credHelpers: isObject(credHelpers) ? credHelpers : {},
    credsStore: typeof credsStore === "string" && credsStore !== "" ? credsStore : undefined,
  };
}

function findHelper({ credHelpers, credsStore }: ConfigFile, registry: string): string | undefined {
  for (const [key, helper] of Object.entries(credHelpers))
    if (typeof helper === "string" && helper !== "" && toHost(key) === registry) return helper;
  return credsStore;
}

/** Keys are hosts, URLs, or (podman) a host with the beginning of a repository: the longest that fits wins. */
function findInFile({ auths }: ConfigFile, registry: string, repository: string): Credentials | undefined {
  const keys = new Map(Object.entries(auths).map(([key, entry]) => [toHost(key), entry]));
  const parts = repository === "" ? [] : repository.split("/");
  for (let count = parts.length; count >= 0; count--) {
    const found = readEntry(keys.get([registry, ...parts.slice(0, count)].join("/")));
    if (found !== undefined) return found;
  }
  return undefined;
}

function readEntry(entry: unknown): Credentials | undefined {
  if (!isObject(entry)) return undefined;
  const { registrytoken, identitytoken, auth, username, password } = entry;
  if (isText(registrytoken)) return { kind: "bearer", token: registrytoken };
  if (isText(identitytoken)) return { kind: "identity", token: identitytoken };
  if (isText(username) && typeof password === "string") return { kind: "password", username, password };
  if (!isText(auth)) return undefined;
  const pair = Buffer.from(auth, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  if (colon <= 0) return undefined;
  // Docker on Windows once padded the pair with zeros.
  return { kind: "password", username: pair.slice(0, colon), password: pair.slice(colon + 1).replace(/\0+$/, "") };
}

/** `https://index.docker.io/v1/` and `docker.io` are one; paths other than /v1 and /v2 are podman's and stay. */
function toHost(key: string): string {
  const bare = key
    .replace(/^https?:\/\//, "")
    .replace(/\/v[12]\/?$/, "")
    .replace(/\/+$/, "");
  return bare === "index.docker.io" || bare === "registry-1.docker.io" ? "docker.io" : bare;
}

function serverName(registry: string): string {
  return registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
}

function name(credentials: Credentials, place: string): string {
  return credentials.kind === "password"
    ? `credentials of ${credentials.username} from ${place}`
    : `a token from ${place}`;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}
