/** @file Names of objects, made from names of projects: what Kubernetes takes, and different where the others are different for their length. */
import { digestOf, hexOf } from "../base/digest.ts";

/** Labels of DNS, and with them Services, pods' host names and label values. */
const longest = 63;
/** A CronJob's Jobs are named after it, with 11 characters more. */
export const longestCronJob = 52;

/**
 * An RFC 1035 label for a project, with `suffix` behind it: lower-case, digits and `-`, a letter first (a Service needs one), at most `most`
 * characters. What does not fit is cut, and a hash of the whole name takes the place of what was lost.
 */
export function toObjectName(project: string, suffix = "", most = longest): string {
  const tail = suffix === "" ? "" : `-${suffix}`;
  const label = project
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  const named = /^[a-z]/.test(label) ? label : `p-${label}`.replace(/-$/, "");
  return cut(named, most - tail.length, project) + tail;
}

/** A label's value: letters, digits, `-`, `_` and `.`, at most 63 characters, a letter or digit at both ends. */
export function toLabelValue(text: string): string {
  const value = text.replaceAll(/[^-\w.]+/g, "-").replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
  return cut(value, longest, text);
}

/** The first 12 hex digits of a digest: for names, where 63 characters are all there is. */
export function shortHash(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1).slice(0, 12);
}

function cut(text: string, most: number, whole: string): string {
  if (text.length <= most) return text;
  const hash = hexOf(digestOf(whole), 8);
  return `${text.slice(0, most - hash.length - 1).replace(/[^A-Za-z0-9]+$/, "")}-${hash}`;
}
