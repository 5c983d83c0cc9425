import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isSameLogin, type Login } from "../http/basic.ts";
import type { Logger } from "../http/log.ts";
import type { BasicAuth } from "../project/types.ts";
import { credentialsMissing } from "./errors.ts";

export interface Credentials {
  isLogin: (name: string, password: string) => boolean;
  /** Ends the watch over files. */
  close: () => void;
}

/** How often a mounted Secret is read again: the kubelet brings a change within a minute or so. */
const rereadMs = 10_000;

/** Reads whom to let in. Throws `credentialsMissing`: a server that should ask for a login never starts open. */
export function openCredentials(
  auth: BasicAuth,
  env: Readonly<Record<string, string | undefined>>,
  log: Logger,
): Credentials {
  const { folder, fallback } = auth;
  const names = nameVariables(auth);
  const read = (): Login | undefined => findLogin(auth, env);
  let current = read();
  if (current === undefined) {
    const where = folder === undefined ? `the environment (${names.username}, ${names.password})` : folder;
    if (fallback === undefined) throw credentialsMissing({ where });
    log.warn(
      { where },
      "no credentials are set: the project's fallback, which everybody can read in its file, lets in",
    );
    current = ofFallback(fallback);
  }
  let wanted = current;
  const timer = folder === undefined ? undefined : setInterval(() => (wanted = read() ?? wanted), rereadMs).unref();
  return {
    isLogin: (name, password) => isSameLogin({ name, password }, wanted),
    close: () => clearInterval(timer),
  };
}

/** A server's login as one who runs it knows it: for questions of our own to it. */
export function findOwnLogin(
  auth: BasicAuth,
  env: Readonly<Record<string, string | undefined>>,
  read?: ReadFile,
): Login | undefined {
  return findLogin(auth, env, read) ?? (auth.fallback === undefined ? undefined : ofFallback(auth.fallback));
}

/** Of the variables alone. Undefined where one of them is not set. */
export function findEnvironmentLogin(
  auth: BasicAuth,
  env: Readonly<Record<string, string | undefined>>,
): Login | undefined {
  const { username, password } = nameVariables(auth);
  return toLogin(env[username], env[password]);
}

/** In which variables a login is. */
export function nameVariables({ env }: BasicAuth): { username: string; password: string } {
  return env ?? { username: "SECRET_USERNAME", password: "SECRET_PASSWORD" };
}

/** A file's text by its path; throws where there is none. */
type ReadFile = (path: string) => string;

function findLogin(
  auth: BasicAuth,
  env: Readonly<Record<string, string | undefined>>,
  read: ReadFile = (path) => readFileSync(path, "utf8"),
): Login | undefined {
  const mounted = auth.folder === undefined ? undefined : readFolder(auth.folder, read);
  return mounted ?? findEnvironmentLogin(auth, env);
}

function ofFallback({ username, password }: NonNullable<BasicAuth["fallback"]>): Login {
  return { name: username, password };
}

function readFolder(folder: string, read: ReadFile): Login | undefined {
  const file = (name: string): string | undefined => {
    try {
      // Editors and `echo` end a file with a line break; nobody means it.
      return read(join(folder, name)).replace(/\r?\n$/, "");
    } catch {
      return undefined; // not mounted, or not readable: the caller says that there is none
    }
  };
  return toLogin(file("username"), file("password"));
}

function toLogin(name: string | undefined, password: string | undefined): Login | undefined {
  return name === undefined || password === undefined || password === "" ? undefined : { name, password };
}
