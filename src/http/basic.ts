/** @file Basic authentication (RFC 7617). */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

export interface Login {
  name: string;
  password: string;
}

/** Name and password of an Authorization header, in UTF-8; undefined where it is none of this kind. */
export function readLogin(header: string | undefined): Login | undefined {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The header's value for it. */
export function writeLogin({ name, password }: Login): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

const key = randomBytes(32);

/** Takes the same time wherever the two differ, and whatever their lengths. */
export function isSameSecret(seen: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHmac("sha256", key).update(text).digest();
  return timingSafeEqual(digest(seen), digest(wanted));
}

/** Both are compared in any case, so that a wrong name takes as long as a wrong password. */
export function isSameLogin(seen: Login, wanted: Login): boolean {
  const name = isSameSecret(seen.name, wanted.name);
  return isSameSecret(seen.password, wanted.password) && name;
}
