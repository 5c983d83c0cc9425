/** @file Where something lies in a registry, as people write it: `registry.example.com/team/digits:v3`, `localhost:5001/digits@sha256:…`, `alpine`. */
import { isDigest, type Digest } from "../base/digest.ts";
import { referenceInvalid } from "./errors.ts";

export interface ImageReference {
  /** Host and, where it is not the usual one, port: `docker.io`, `localhost:5001`, `[::1]:5000`. */
  registry: string;
  repository: string;
  tag?: string;
  digest?: Digest;
}

/** A registry and the beginning of repository names in it, possibly none: `registry.example.com/team/models`, `localhost:5001`. */
export interface RegistryPrefix {
  registry: string;
  path: string;
}

const dockerHub = "docker.io";
/** By the distribution spec; docker and containerd hold the whole name with its host to 255 characters. */
const repositoryPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
const hostPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?$`);

/** A name without a host is Docker Hub's. Without tag and digest the tag is `latest`. Throws `referenceInvalid`. */
export function parseImageReference(text: string): ImageReference {
  const { rest, digest } = cutDigest(text);
  const { name, tag } = cutTag(rest);
  if (tag !== undefined && !isTag(tag))
    throw refuse(text, `the tag ${JSON.stringify(tag)} is not of letters, digits, ".", "_", "-" (at most 128)`);
  const { registry, path } = splitHost(text, name);
  const repository = registry === dockerHub && !path.includes("/") ? `library/${path}` : path;
  if (!isRepository(repository)) throw refuse(text, explain(path));
  if (registry.length + 1 + repository.length > 255) throw refuse(text, "it is longer than 255 characters");
  return {
    registry,
    repository,
    ...(tag !== undefined && { tag }),
    ...(tag === undefined && digest === undefined && { tag: "latest" }),
    ...(digest !== undefined && { digest }),
  };
}

/** Where a store or a set of repositories begins. The host must be written: a bare `models` could mean a folder. Throws `referenceInvalid`. */
export function parsePrefix(text: string): RegistryPrefix {
  const trimmed = text.replace(/\/+$/, "");
  const slash = trimmed.indexOf("/");
  const first = slash < 0 ? trimmed : trimmed.slice(0, slash);
  if (!looksLikeHost(first))
    throw refuse(text, "it must begin with a registry's host, like registry.example.com or localhost:5001");
  if (slash < 0) return { registry: readHost(text, trimmed), path: "" };
  const { registry, path } = splitHost(text, trimmed);
  if (!isRepository(path)) throw refuse(text, explain(path));
  return { registry, path };
}

/** The text that `parseImageReference` reads back as the same. */
export function printImageReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

export function isRepository(text: string): boolean {
  return repositoryPattern.test(text);
}

export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** Whether a registry runs on this machine, where plain HTTP is the custom. */
export function isLoopback(registry: string): boolean {
  const host = registry.startsWith("[") ? registry.slice(0, registry.indexOf("]") + 1) : registry.replace(/:\d+$/, "");
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function cutDigest(text: string): { rest: string; digest?: Digest } {
  const at = text.indexOf("@");
  if (at < 0) return { rest: text };
  const digest = text.slice(at + 1);
  if (!isDigest(digest)) throw refuse(text, `the digest ${JSON.stringify(digest)} is not sha256: and 64 hex digits`);
  return { rest: text.slice(0, at), digest };
}

function cutTag(text: string): { name: string; tag?: string } {
  const colon = text.lastIndexOf(":");
  // A colon before the last slash belongs to the port.
  return colon > text.lastIndexOf("/") ? { name: text.slice(0, colon), tag: text.slice(colon + 1) } : { name: text };
}

function splitHost(text: string, name: string): RegistryPrefix {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  if (slash < 0 || !looksLikeHost(first)) return { registry: dockerHub, path: name };
  return { registry: readHost(text, first), path: name.slice(slash + 1) };
}

/** The rule of docker: a first part with a dot, a colon, capitals, or `localhost`, is a host. */
function looksLikeHost(part: string): boolean {
  return /[.:[]/.test(part) || part === "localhost" || part !== part.toLowerCase();
}

function readHost(text: string, host: string): string {
  const lower = host.toLowerCase();
  const port = Number(/:(\d+)$/.exec(lower)?.[1] ?? 1);
  if (!hostPattern.test(lower) || port < 1 || port > 65_535)
    throw refuse(text, `${JSON.stringify(host)} is no host name, nor host:port`);
  if (lower === "index.docker.io" || lower === "registry-1.docker.io") return dockerHub;
  // Where only its capitals tell that it is a host, it keeps them: printed without, it would be a repository's first part.
  return looksLikeHost(lower) ? lower : host;
}

function explain(path: string): string {
  if (path === "") return "the repository's name is missing";
  if (isRepository(path.toLowerCase())) return `repository names are lower-case: ${path.toLowerCase()}`;
  return `the repository ${JSON.stringify(path)} is not of lower-case letters and digits joined by ".", "_", "-" or "/"`;
}

function refuse(reference: string, why: string): Error {
  const scheme = /^[a-z+]+:\/\//i.exec(reference)?.[0];
  return referenceInvalid({
    reference,
    why: scheme === undefined ? why : `it begins with ${scheme}, but a reference has no scheme`,
  });
}
