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
  const names = auth.env ?? { username: "SECRET_USERNAME", password: "SECRET_PASSWORD" };
  const read = (): Login | undefined =>
    (folder === undefined ? undefined : readFolder(folder)) ?? toLogin(env[names.username], env[names.password]);
  let current = read();
  if (current === undefined) {
    const where = folder === undefined ? `the environment (${names.username}, ${names.password})` : folder;
    if (fallback === undefined) throw credentialsMissing({ where });
    log.warn(
      { where },
      "no credentials are set: the project's fallback, which everybody can read in its file, lets in",
    );
    current = { name: fallback.username, password: fallback.password };
  }
  let wanted = current;
  const timer = folder === undefined ? undefined : setInterval(() => (wanted = read() ?? wanted), rereadMs).unref();
  return {
    isLogin: (name, password) => isSameLogin({ name, password }, wanted),
    close: () => clearInterval(timer),
  };
}

function readFolder(folder: string): Login | undefined {
  const file = (name: string): string | undefined => {
    try {
      // Editors and `echo` end a file with a line break; nobody means it.
      return readFileSync(join(folder, name), "utf8").replace(/\r?\n$/, "");
    } catch {
      return undefined; // not mounted, or not readable: the caller says that there is none
    }
  };
  return toLogin(file("username"), file("password"));
}

function toLogin(name: string | undefined, password: string | undefined): Login | undefined {
  return name === undefined || password === undefined || password === "" ? undefined : { name, password };
}
